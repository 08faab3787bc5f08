// What users of the original missed, each a function of our own beside the thirteen: a program that does not call them
// behaves as it did. All names begin with `Wspc`. The properties of our own are in `properties.ts`.

import { isUint8Array } from '../codec/payload-bytes.ts'
import type { Role } from '../session/index.ts'
import { guarded, type Handle } from './component.ts'
import { endpointIn, endpointOf, openSession, operationsOf } from './handle.ts'
import { agreed, readSelection } from './handshake.ts'
import { attempt, E_INVALIDARG, type ReceiveFailure, type Result, ResultError } from './result.ts'

/** A handshake that was done elsewhere: in another process, by a proxy, over HTTP/2. */
export interface WspcOpening {
  readonly subprotocol?: string | undefined
  /** The agreed extensions, one element of the list each. */
  readonly extensions?: readonly string[] | undefined
  /** Bytes that were read after the handshake and belong to the session. They are copied. */
  readonly receivedBytes?: Uint8Array | undefined
}

/** Opens the session of a new handle without a handshake. */
export function WspcOpenHandle(handle: Handle, opening: WspcOpening = {}): Result {
  return guarded({}, () => {
    const { endpoint } = endpointIn(handle, undefined, 'created')
    const { selection, early } = attempt(() => readOpening(opening))
    openSession(endpoint, { ...selection, extensions: agreed(selection.extensions) }, early)
    return {}
  })
}

function readOpening({ subprotocol, extensions, receivedBytes = new Uint8Array(0) }: WspcOpening) {
  if (!isUint8Array(receivedBytes)) throw new ResultError(E_INVALIDARG, 'Received bytes are not a Uint8Array')
  return { selection: readSelection(subprotocol, extensions), early: new Uint8Array(receivedBytes) }
}

/** Queues a ping with a payload of at most 125 bytes; the pong that answers it repeats them. */
export function WspcSendPing(handle: Handle, payload: Uint8Array, context?: unknown): Result {
  return guarded({}, () => {
    operationsOf(handle).ping(payload, context)
    return {}
  })
}

/** How far a handle has come. */
export interface WspcState {
  readonly role: Role
  readonly phase: 'created' | 'handshake' | 'open' | 'aborted'
  readonly subprotocol: string | undefined
  /** The names of the agreed extensions. */
  readonly extensions: readonly string[]
  /** Operations that were not indicated and completed yet. */
  readonly queuedSends: number
  readonly queuedReceives: number
  /** Whether a CLOSE was accepted by `WebSocketSend`: only control frames may follow. */
  readonly isCloseQueued: boolean
  /** Whether a CLOSE was received: `WebSocketReceive` is refused. */
  readonly isCloseReceived: boolean
  /** The error in received bytes, with the close status to answer it with; `undefined` when there is none. */
  readonly failure: ReceiveFailure | undefined
}

export interface GetStateResult extends Result {
  readonly state: WspcState | undefined
}

/** The state of a handle, as a value that stays as it is. */
export function WspcGetState(handle: Handle): GetStateResult {
  return guarded<{ state: WspcState | undefined }>({ state: undefined }, () => {
    const { role, phase } = endpointOf(handle)
    if (phase.kind !== 'open') {
      return { state: { ...NOT_OPEN, role, phase: phase.kind === 'created' ? 'created' : 'handshake' } }
    }
    const { isAborted, ...state } = phase.operations.state
    const { subprotocol, extensions } = phase.operations.session
    const names = extensions.map(({ name }) => name)
    return { state: { role, phase: isAborted ? 'aborted' : 'open', subprotocol, extensions: names, ...state } }
  })
}

const NOT_OPEN = {
  subprotocol: undefined,
  extensions: [],
  queuedSends: 0,
  queuedReceives: 0,
  isCloseQueued: false,
  isCloseReceived: false,
  failure: undefined,
}

/**
 * Sets the source of the handshake key and the masking keys: numbers from 0 to 2^32 - 1. For tests and replays; anything
 * but a cryptographic source breaks RFC 6455 §5.3.
 */
export function WspcSetRandomSource(handle: Handle, randomUint32: () => number): Result {
  return guarded({}, () => {
    const endpoint = endpointOf(handle)
    if (typeof randomUint32 !== 'function') throw new ResultError(E_INVALIDARG, 'The random source is not a function')
    endpoint.randomUint32 = randomUint32
    return {}
  })
}
