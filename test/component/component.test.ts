// The thirteen functions as functions: arguments checked, outputs as documented, and nothing ever thrown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guarded } from '../../src/component/component.ts'
import * as component from '../../src/component/index.ts'
import {
  E_INVALIDARG,
  type GetActionResult,
  S_OK,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketGetAction,
  WspcOpenHandle,
} from '../../src/component/index.ts'
import { DrivenHandle, openServer } from '../support/component.ts'

for (const queue of [0, 4, -1, 1.5, Number.NaN, '1', undefined]) {
  test(`action queue ${String(queue)} is a bad argument, and does not end the handshake`, () => {
    const { handle } = openServer()
    const { detail, ...result } = WebSocketGetAction(handle, queue as number, 2)
    assert.equal(result.hr, E_INVALIDARG)
    assert.match(detail!, /queue/)
    assert.equal(new DrivenHandle('server').getAction('S', -1).hr, E_INVALIDARG)
  })
}

for (const slots of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '2', undefined]) {
  test(`${String(slots)} slots are a bad argument`, () => {
    assert.equal(WebSocketGetAction(openServer().handle, 3, slots as number).hr, E_INVALIDARG)
  })
}

test('every result has all its outputs, whether it succeeded or not', () => {
  const outputs = ['action', 'actionContext', 'applicationContext', 'bufferType', 'dataBuffers', 'hr']
  assert.deepEqual(Object.keys(openServer().getAction('ALL', 2)).sort(), outputs)
  assert.deepEqual(Object.keys(WebSocketGetAction(undefined, 3, 2)).sort(), [...outputs, 'detail'].sort())
})

test('the outputs of one call are not those of another', () => {
  const server = openServer()
  const one = server.getAction('ALL', 2)
  one.dataBuffers.push({ data: new Uint8Array(1) })
  assert.deepEqual(server.getAction('ALL', 2).dataBuffers, [])
})

test('a mistake of our own is not a result: it is thrown, loud', () => {
  const bug = new TypeError('A bug')
  assert.throws(
    () =>
      guarded({}, () => {
        throw bug
      }),
    bug,
  )
})

const anyArgument = fc.oneof(
  fc.anything(),
  fc.integer({ min: -2, max: 8 }),
  fc.integer({ min: 0x8000_0000, max: 0x8000_0007 }),
  fc.uint8Array({ maxLength: 200 }),
  fc.record({ data: fc.oneof(fc.anything(), fc.uint8Array({ maxLength: 300 })) }),
  fc.record({ reason: fc.oneof(fc.anything(), fc.uint8Array()), status: fc.oneof(fc.anything(), fc.nat(5000)) }),
  fc.array(fc.record({ type: fc.nat(7), value: fc.oneof(fc.nat(10_000), fc.boolean(), fc.uint8Array()) })),
  fc.array(fc.record({ name: fc.string(), value: fc.string() })),
  fc.array(fc.string()),
)

test('no function throws, whatever it is given, in any state; and every result code is unsigned', () => {
  const { WspcSetRandomSource: _, ...functions } = component
  const calls = Object.entries(functions).filter(([name]) => name.startsWith('WebSocket') || name.startsWith('Wspc'))
  fc.assert(
    fc.property(
      fc.array(fc.record({ call: fc.nat(calls.length - 1), args: fc.array(anyArgument, { maxLength: 4 }) }), {
        maxLength: 30,
      }),
      fc.constantFrom('client', 'server', 'open client', 'open server'),
      (steps, kind) => {
        const { handle } = kind.endsWith('client') ? WebSocketCreateClientHandle() : WebSocketCreateServerHandle()
        if (kind.startsWith('open')) assert.equal(WspcOpenHandle(handle).hr, S_OK)
        for (const { call, args } of steps) {
          const [name, run] = calls[call]!
          const takesHandle = !/Create|Global/.test(name)
          const all = takesHandle ? [handle, ...args] : args
          const result = (run as (...args: unknown[]) => { hr: number; detail?: string } | undefined)(...all)
          if (/Complete|Abort|Delete/.test(name)) assert.equal(result, undefined)
          else {
            assert.ok(result !== undefined && result.hr >= 0 && Number.isInteger(result.hr))
            assert.equal(typeof result.detail, result.hr === S_OK ? 'undefined' : 'string')
          }
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('the action loop survives any bytes, any order of calls and any completions', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(9), fc.nat(400), fc.uint8Array({ maxLength: 60 })), { maxLength: 80 }),
      (isServer, steps) => {
        const driven = new DrivenHandle(isServer ? 'server' : 'client', { RECEIVE_BUFFER_SIZE: 256 })
        assert.equal(WspcOpenHandle(driven.handle).hr, S_OK)
        const outstanding: GetActionResult[] = []
        for (const [step, number, bytes] of steps) {
          if (step === 0) component.WebSocketSend(driven.handle, 0x8000_0000 + (number % 7), { data: bytes })
          else if (step === 1) component.WebSocketSend(driven.handle, 0x8000_0000 + (number % 7))
          else if (step === 2) component.WebSocketReceive(driven.handle, { data: new Uint8Array(1 + (number % 9)) })
          else if (step === 3) component.WebSocketReceive(driven.handle)
          else if (step === 4 && number === 0) component.WebSocketAbortHandle(driven.handle)
          else if (step < 7) {
            const action = WebSocketGetAction(driven.handle, 1 + (number % 3), number % 4)
            if (action.actionContext !== undefined) outstanding.push(action)
          } else if (outstanding.length > 0) {
            const [action] = outstanding.splice(number % outstanding.length, 1)
            const room = action!.dataBuffers.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
            const isRead = action!.action === component.WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION
            if (isRead) action!.dataBuffers[0]!.data!.set(bytes.subarray(0, room))
            const count = isRead ? Math.min(bytes.length, room) : number % 5 === 0 ? number : room
            component.WebSocketCompleteAction(driven.handle, action!.actionContext, count)
          }
          assert.ok(outstanding.length <= 3) // one send action, one receive action, one pong
        }
        component.WebSocketAbortHandle(driven.handle)
        for (const { actionContext } of outstanding) component.WebSocketCompleteAction(driven.handle, actionContext, 0)
        const { queuedSends, queuedReceives } = component.WspcGetState(driven.handle).state!
        for (let i = 0; i < queuedSends + queuedReceives; i++) {
          const { hr, actionContext } = WebSocketGetAction(driven.handle, 3, 1)
          assert.equal(hr, S_OK)
          component.WebSocketCompleteAction(driven.handle, actionContext, 0)
        }
        driven.action('ALL', 1, 'NO') // every operation was indicated, once
      },
    ),
    { numRuns: 300 },
  )
})
