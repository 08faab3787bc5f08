import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { E_INVALID_PROTOCOL_FORMAT, type GetActionResult, S_OK, WEB_SOCKET_ACTION } from '../../src/component/index.ts'
import type { OperationName, Role } from './calls.ts'
import type { Component } from './driven.ts'
import { describeDivergence } from './explore.ts'
import { COMPONENT, exploreAll, scopesOf } from './scopes.ts'

const DEPTH = 3

test(`whatever ${DEPTH} calls do with a pair of operations, the component does what the model says`, (t) => {
  const { scopes, states, transitions, divergence } = exploreAll(scopesOf(2, { depth: DEPTH, reads: 1 }))
  assert.equal(divergence && describeDivergence(divergence), undefined)
  assert.equal(scopes, 132) // eleven operations make sixty-six pairs, in two roles
  assert.ok(transitions > 10_000)
  t.diagnostic(`${states} states, ${transitions} transitions`)
})

const NO_ACTION: GetActionResult = {
  hr: S_OK,
  action: WEB_SOCKET_ACTION.WEB_SOCKET_NO_ACTION,
  bufferType: 0,
  dataBuffers: [],
  applicationContext: undefined,
  actionContext: undefined,
}

/** Components with faults, made for each handle: what one does on a handle it does once. */
const BROKEN: readonly {
  readonly fault: string
  readonly role: Role
  readonly operations: readonly OperationName[]
  /** The last call of the transcript, and what the component says to it. */
  readonly shows: RegExp
  readonly component: Component
}[] = [
  {
    fault: 'reports the buffer of a completed action twice',
    role: 'server',
    operations: ['receive'],
    shows:
      /completeIndication\(receive, 0\)\n.*getAction.*The model: {5}S_OK NO_ACTION.*The component: S_OK INDICATE_RECEIVE/s,
    component: reportingTwice(),
  },
  {
    fault: 'leaves an operation queued when it is aborted',
    role: 'client',
    operations: ['text', 'ping'],
    shows: /abort\(\).*The model: {5}S_OK INDICATE_SEND.*The component: S_OK NO_ACTION/s,
    component: forgettingOnAbort(),
  },
  {
    fault: 'takes a second completion for another',
    role: 'server',
    operations: ['text', 'ping'],
    shows: /completeAgain\(\)\n.*The model: .*The component: /s,
    component: completingTwice(),
  },
  {
    fault: 'writes to what it has lent',
    role: 'client',
    operations: ['text', 'ping'],
    shows: /send\(ping\)\n.*The component: a buffer changed while it was lent/s,
    component: writingToWhatIsLent(),
  },
  {
    fault: 'reports an error in received bytes once only',
    role: 'server',
    operations: ['receive'],
    shows: /completeRead\(reservedOpcode\).*The model: {5}FORMAT NO_ACTION.*The component: S_OK NO_ACTION/s,
    component: forgettingErrors(),
  },
  {
    fault: 'deletes nothing',
    role: 'server',
    operations: ['ping'],
    shows: /delete\(\)\n.*The model: {5}HANDLE/s,
    component: { ...COMPONENT, delete() {} },
  },
]

describe('the exploration finds a component that', () => {
  for (const { fault, role, operations, shows, component } of BROKEN) {
    test(fault, () => {
      const { divergence } = exploreAll([{ role, operations, depth: 8, reads: 1 }], component)
      assert.ok(divergence, 'there is no difference')
      assert.match(describeDivergence(divergence), shows)
    })
  }
})

function reportingTwice(): Component {
  const indicated = new WeakMap<object, GetActionResult>()
  return {
    ...COMPONENT,
    getAction(handle, queue, slots) {
      const again = indicated.get(handle!)
      indicated.delete(handle!)
      if (again !== undefined && (queue & 2) !== 0) return again
      const result = COMPONENT.getAction(handle, queue, slots)
      const { action } = result
      if (action === WEB_SOCKET_ACTION.WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) indicated.set(handle!, result)
      return result
    },
  }
}

function forgettingOnAbort(): Component {
  const aborted = new WeakSet<object>()
  return {
    ...COMPONENT,
    abort(handle) {
      COMPONENT.abort(handle)
      aborted.add(handle!)
    },
    getAction(handle, queue, slots) {
      const result = COMPONENT.getAction(handle, queue, slots)
      return aborted.has(handle!) && result.hr === S_OK ? NO_ACTION : result
    },
  }
}

function completingTwice(): Component {
  const completed = new WeakSet<object>()
  const latest = new WeakMap<object, GetActionResult['actionContext']>()
  return {
    ...COMPONENT,
    getAction(handle, queue, slots) {
      const result = COMPONENT.getAction(handle, queue, slots)
      if (result.actionContext !== undefined) latest.set(handle!, result.actionContext)
      return result
    },
    completeAction(handle, context, bytes) {
      const isStale = context !== undefined && completed.has(context)
      if (context !== undefined) completed.add(context)
      COMPONENT.completeAction(handle, isStale ? latest.get(handle!) : context, bytes)
    },
  }
}

function writingToWhatIsLent(): Component {
  const lent = new WeakMap<object, Uint8Array>()
  return {
    ...COMPONENT,
    getAction(handle, queue, slots) {
      const result = COMPONENT.getAction(handle, queue, slots)
      const [buffer] = result.dataBuffers
      if (buffer?.data !== undefined) lent.set(handle!, buffer.data)
      return result
    },
    send(handle, bufferType, buffer, context) {
      lent.get(handle!)?.fill(0)
      return COMPONENT.send(handle, bufferType, buffer, context)
    },
  }
}

function forgettingErrors(): Component {
  const failed = new WeakSet<object>()
  return {
    ...COMPONENT,
    getAction(handle, queue, slots) {
      const result = COMPONENT.getAction(handle, queue, slots)
      if (result.hr !== E_INVALID_PROTOCOL_FORMAT) return result
      if (failed.has(handle!)) return NO_ACTION
      failed.add(handle!)
      return result
    },
  }
}
