// The component, however its calls come: a part of what the command tries; and faults that only some calls bring to light.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as component from '../../src/component/index.ts'
import { Difference } from './comparison.ts'
import { COMPONENT_COURSES, ComponentComparison } from './component-comparison.ts'
import type { Component } from './component-run.ts'

test('T-97: the component hands over and writes the same in whatever portions it reads and whatever calls come between', (t) => {
  let runs = 0
  for (const course of COMPONENT_COURSES) {
    const comparison = new ComponentComparison(component, course)
    comparison.compare('size:1')
    comparison.compare(`cut:${comparison.wire.length >> 1}`)
    comparison.compareSome(1, 5)
    runs += comparison.runs
  }
  t.diagnostic(`${runs} runs of ${COMPONENT_COURSES.length} courses`)
})

// --- deliberate faults ------------------------------------------------------------------------------------------------

/** What is found of a stream to a server. */
function found(faults: Partial<Component>, name: string): string {
  const course = COMPONENT_COURSES.find(({ stream, role }) => stream.name === name && role === 'server')!
  try {
    new ComponentComparison({ ...component, ...faults }, course).compareAll(1, 300)
  } catch (error) {
    if (error instanceof Difference) return error.message
    throw error
  }
  return 'nothing'
}

test('nothing is found where there is no fault', () => {
  assert.equal(found({}, 'a fragmented message with pings between'), 'nothing')
})

test('a component that loses a read of one byte behind another is found out, with what to call to see it again', () => {
  let last = 0
  const report = found(
    {
      WebSocketCompleteAction(handle, context, bytes) {
        component.WebSocketCompleteAction(handle, context, last === 1 && bytes === 1 ? 0 : bytes)
        last = bytes
      },
    },
    'a message',
  )
  assert.match(report, /^"a message" to a server's handle, reads size:1:\n {2}81 85 37 fa 21 3d 7f 9f 4d 51 58\n/)
  assert.match(report, /threw Error: A receive is cancelled before the end\n/)
  assert.match(report, /\nAgain: node .*main\.js --stream="a message" --role=server --reads=size:1$/)
})

test('one that loses a read while a write is in the hands of the application is found by other calls in between alone', () => {
  const writes = new Set<unknown>()
  const reads = new Set<unknown>()
  const report = found(
    {
      WebSocketGetAction(...parameters) {
        const result = component.WebSocketGetAction(...parameters)
        if (result.action === component.WEB_SOCKET_SEND_TO_NETWORK_ACTION) writes.add(result.actionContext)
        if (result.action === component.WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) reads.add(result.actionContext)
        return result
      },
      WebSocketCompleteAction(handle, context, bytes) {
        writes.delete(context)
        component.WebSocketCompleteAction(handle, context, reads.has(context) && writes.size > 0 ? 0 : bytes)
      },
    },
    'a message',
  )
  assert.match(report, /reads seed:\d+:\n/)
})

test('one that writes into memory that is in the hands of the application is found out', () => {
  let given: Uint8Array | undefined
  const report = found(
    {
      WebSocketGetAction(...parameters) {
        const action = component.WebSocketGetAction(...parameters)
        if (action.action === component.WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) given = action.dataBuffers[0]!.data
        return action
      },
      WebSocketSend(...parameters) {
        given?.fill(0)
        return component.WebSocketSend(...parameters)
      },
    },
    'a message',
  )
  assert.match(report, /reads seed:\d+:\n(.*\n)*.*threw Error: Memory in the application’s hands changed/)
})

test('one that forgets a pong is found out', () => {
  const report = found(
    {
      WebSocketGetAction(handle, queue, slots) {
        const action = component.WebSocketGetAction(handle, queue, slots)
        const isPong =
          action.bufferType === component.WEB_SOCKET_PING_PONG_BUFFER_TYPE && action.applicationContext === undefined
        if (action.action !== component.WEB_SOCKET_SEND_TO_NETWORK_ACTION || !isPong || slots !== 2) return action
        component.WebSocketCompleteAction(handle, action.actionContext, 0)
        return component.WebSocketGetAction(handle, queue, slots)
      },
    },
    'a fragmented message with pings between',
  )
  assert.match(report, /\n {2}pongs 10: 31 \| 10: 32\n/)
})
