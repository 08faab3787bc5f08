// Which explorations there are: every pair of operations that can be queued, or more of them, in both roles.

import {
  WebSocketAbortHandle,
  WebSocketCompleteAction,
  WebSocketDeleteHandle,
  WebSocketGetAction,
  WebSocketReceive,
  WebSocketSend,
} from '../../src/component/index.ts'
import { withoutStacks } from '../support/without-stacks.ts'
import { type OperationName, RECEIVE_KINDS, SEND_KINDS } from './calls.ts'
import type { Component } from './driven.ts'
import { type Divergence, explore, type Scope } from './explore.ts'

/** The component of this house. */
export const COMPONENT: Component = {
  send: WebSocketSend,
  receive: WebSocketReceive,
  getAction: WebSocketGetAction,
  completeAction: WebSocketCompleteAction,
  abort: WebSocketAbortHandle,
  delete: WebSocketDeleteHandle,
}

const OPERATIONS = [...Object.keys(SEND_KINDS), ...Object.keys(RECEIVE_KINDS)] as OperationName[]

/** Every choice of so many operations, the same more than once among them, in both roles. */
export function* scopesOf(count: number, bounds: Pick<Scope, 'depth' | 'reads'>): Generator<Scope> {
  for (const role of ['server', 'client'] as const) {
    for (const operations of choices(count, 0)) yield { role, operations, ...bounds }
  }
}

function* choices(count: number, from: number): Generator<OperationName[]> {
  if (count === 0) {
    yield []
    return
  }
  for (let first = from; first < OPERATIONS.length; first++) {
    for (const others of choices(count - 1, first)) yield [OPERATIONS[first]!, ...others]
  }
}

export interface ModelResult {
  readonly scopes: number
  /** In how many of them nothing was left to explore. */
  readonly complete: number
  readonly states: number
  readonly transitions: number
  /** The first, and in which of the explorations it was. */
  readonly divergence: Divergence | undefined
}

/** One exploration after the other, until one diverges. */
export function exploreAll(scopes: Iterable<Scope>, component: Component = COMPONENT): ModelResult {
  let result: ModelResult = { scopes: 0, complete: 0, states: 0, transitions: 0, divergence: undefined }
  withoutStacks(() => {
    for (const scope of scopes) {
      const { states, transitions, isComplete, divergence } = explore(component, scope)
      result = {
        scopes: result.scopes + 1,
        complete: result.complete + (isComplete ? 1 : 0),
        states: result.states + states,
        transitions: result.transitions + transitions,
        divergence,
      }
      if (divergence !== undefined) break
    }
  })
  return result
}
