// Goes through every state of the model that few enough operations can reach, breadth first, and compares each step with the
// component. A state is reached by the calls that led to it, on a handle of its own; behind every step the handle is
// drained, so that a fault that a step leaves behind shows although the state looks the same.

import { isDeepStrictEqual } from 'node:util'
import {
  type Call,
  CUT,
  type CutName,
  type OperationName,
  RECEIVE_KINDS,
  type ReceiveName,
  type Role,
  type SendName,
  shownCall,
  WIRE,
  type WireName,
} from './calls.ts'
import { type Component, DrivenComponent, shownOutcome } from './driven.ts'
import { Model, type Outcome } from './model.ts'

/** What may happen in one exploration. */
export interface Scope {
  readonly role: Role
  /** What may be queued, each once, in any order and at any time. */
  readonly operations: readonly OperationName[]
  /** How many calls deep, at most. */
  readonly depth: number
  /** How many reads may bring something. */
  readonly reads: number
}

export interface Divergence {
  readonly role: Role
  readonly calls: readonly Call[]
  /** What the model and the component say of the last call. */
  readonly expected: string
  readonly actual: string
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** Whether there was nothing left to explore before the depth was reached. */
  readonly isComplete: boolean
  readonly divergence: Divergence | undefined
}

interface Reached {
  readonly model: Model
  readonly calls: readonly Call[]
  readonly left: readonly OperationName[]
}

export function explore(component: Component, { role, operations, depth, reads }: Scope): Exploration {
  const start: Reached = { model: new Model(role), calls: [], left: operations }
  const seen = new Set<string>([keyOf(start)])
  let layer: Reached[] = [start]
  let transitions = 0
  for (let at = 0; at < depth && layer.length > 0; at++) {
    const next: Reached[] = []
    for (const reached of layer) {
      for (const call of possibleCalls(reached, reads)) {
        transitions++
        const model = reached.model.clone()
        const expected = model.apply(call)
        const calls = [...reached.calls, call]
        const divergence = compare(component, role, calls, model.clone(), expected)
        if (divergence !== undefined) return { states: seen.size, transitions, isComplete: false, divergence }
        const then = { model, calls, left: leftAfter(reached.left, call) }
        const key = keyOf(then)
        if (seen.has(key)) continue
        seen.add(key)
        next.push(then)
      }
    }
    layer = next
  }
  return { states: seen.size, transitions, isComplete: layer.length === 0, divergence: undefined }
}

function keyOf({ model, left }: Reached): string {
  return `${left.join()} ${model.key}`
}

function leftAfter(left: readonly OperationName[], call: Call): readonly OperationName[] {
  if (call.call !== 'send' && call.call !== 'receive') return left
  const at = left.indexOf(call.kind)
  return left.filter((_, i) => i !== at)
}

// --- which calls there are -------------------------------------------------------------------------------------------

const ACTIONS: readonly Call[] = [
  { call: 'getAction', queue: 1, slots: 1 },
  { call: 'getAction', queue: 1, slots: 2 },
  { call: 'getAction', queue: 2, slots: 1 },
  { call: 'getAction', queue: 3, slots: 0 },
  { call: 'getAction', queue: 3, slots: 1 },
  { call: 'getAction', queue: 3, slots: 2 },
]

const WIRE_NAMES = Object.keys(WIRE) as WireName[]
const CUT_NAMES = Object.keys(CUT) as CutName[]

function* possibleCalls({ model, calls, left }: Reached, reads: number): Generator<Call> {
  for (const kind of new Set(left)) {
    if (kind in RECEIVE_KINDS) yield { call: 'receive', kind: kind as ReceiveName }
    else yield { call: 'send', kind: kind as SendName }
  }
  yield* ACTIONS
  if (model.phase !== 'deleted') {
    yield* completions(model, reads)
    yield { call: 'abort' }
    yield { call: 'delete' }
  }
  if (calls.some(({ call }) => call.startsWith('complete'))) yield { call: 'completeAgain' }
  yield { call: 'completeNothing' }
}

function* completions(
  { writeAction, pongOutstanding, receiveAction, cut, reads }: Model,
  mostReads: number,
): Generator<Call> {
  if (writeAction === 'indication') yield { call: 'completeIndication', of: 'send', bytes: 0 }
  else if (writeAction !== undefined) {
    for (const bytes of ['all', 'fewer', 'none', 'more'] as const) yield { call: 'completeWrite', bytes }
  }
  if (pongOutstanding !== undefined) {
    yield { call: 'completePong', bytes: 'all' }
    yield { call: 'completePong', bytes: 'none' }
  }
  if (receiveAction === 'indication') {
    yield { call: 'completeIndication', of: 'receive', bytes: 0 }
    yield { call: 'completeIndication', of: 'receive', bytes: 7 }
  } else if (receiveAction === 'read') {
    yield { call: 'completeRead', wire: 'nothing' }
    if (reads >= mostReads) return
    if (cut !== undefined) {
      yield { call: 'completeRead', wire: `${cut}, end` }
    } else {
      for (const wire of WIRE_NAMES) yield { call: 'completeRead', wire }
      for (const name of CUT_NAMES) yield { call: 'completeRead', wire: `${name}, begin` }
    }
  }
}

// --- how each is compared --------------------------------------------------------------------------------------------

/** Does the calls on a new handle, compares the outcome of the last, then drains both and compares what comes. */
function compare(
  component: Component,
  role: Role,
  calls: readonly Call[],
  model: Model,
  expected: Outcome,
): Divergence | undefined {
  const driven = new DrivenComponent(component, role)
  let actual: Outcome = { hr: 0 }
  for (const call of calls) actual = driven.apply(call)
  const done = [...calls]
  const differs = (wanted: Outcome, got: Outcome): Divergence | undefined => {
    if (driven.memoryFault === undefined && isDeepStrictEqual(wanted, got)) return undefined
    return { role, calls: done, expected: shownOutcome(wanted), actual: driven.memoryFault ?? shownOutcome(got) }
  }
  const here = differs(expected, actual)
  if (here !== undefined) return here
  for (const call of draining(model)) {
    done.push(call)
    const divergence = differs(model.apply(call), driven.apply(call))
    if (divergence !== undefined) return divergence
  }
  return undefined
}

const MOST_DRAINING_CALLS = 40

/**
 * The calls that bring a handle to its end: whatever is outstanding is completed, what is next is fetched, then the handle is
 * aborted, drained again and deleted. The model is moved by whoever asks.
 */
function* draining(model: Model): Generator<Call> {
  for (const phase of ['as it is', 'aborted'] as const) {
    if (phase === 'aborted') yield { call: 'abort' }
    yield { call: 'getAction', queue: 3, slots: 2 } // while all that is outstanding still is
    for (let i = 0; i < MOST_DRAINING_CALLS; i++) {
      const completion = firstCompletion(model)
      yield completion ?? { call: 'getAction', queue: 3, slots: 2 }
      if (completion === undefined && firstCompletion(model) === undefined) break
    }
  }
  yield { call: 'send', kind: 'ping' }
  yield { call: 'receive', kind: 'receive' }
  yield { call: 'delete' }
  yield { call: 'getAction', queue: 3, slots: 2 }
}

function firstCompletion({ writeAction, pongOutstanding, receiveAction }: Model): Call | undefined {
  if (pongOutstanding !== undefined) return { call: 'completePong', bytes: 'all' }
  if (writeAction === 'indication') return { call: 'completeIndication', of: 'send', bytes: 0 }
  if (writeAction !== undefined) return { call: 'completeWrite', bytes: 'all' }
  if (receiveAction === 'indication') return { call: 'completeIndication', of: 'receive', bytes: 0 }
  return receiveAction === 'read' ? { call: 'completeRead', wire: 'nothing' } : undefined
}

/** The calls that showed it, and what was said of the last. */
export function describeDivergence({ role, calls, expected, actual }: Divergence): string {
  return [
    `The component differs from the model, as a ${role}:`,
    ...calls.map((call, i) => `  ${i + 1}. ${shownCall(call)}`),
    `The model:     ${expected}`,
    `The component: ${actual}`,
  ].join('\n')
}
