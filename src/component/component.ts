// The thirteen functions of `websocket.h` (Windows SDK), under their own names and with their parameters in their order.
// A pointer and its count are one array, an output is a field of what is returned. No function throws for what a peer
// or a caller did: that is the `hr` of the result, and `detail` says why.

import type { WEB_SOCKET_BUFFER, WEB_SOCKET_HANDLE, WEB_SOCKET_HTTP_HEADER, WEB_SOCKET_PROPERTY } from './constants.ts'
import {
  createHandle,
  deleteHandle,
  endpointIn,
  endpointOf,
  findOperations,
  openSession,
  operationsOf,
} from './handle.ts'
import { answer, offer, readAnswer } from './handshake.ts'
import { type ActionContext, type ActionOutputs, noAction } from './operations.ts'
import { readGlobalProperty } from './properties.ts'
import { E_INVALIDARG, type Result, ResultError, S_OK, shown } from './result.ts'

/** A handle as callers have it: what a failed creation returns may be passed on, and is `E_HANDLE` everywhere. */
export type Handle = WEB_SOCKET_HANDLE | undefined

export interface CreateHandleResult extends Result {
  readonly handle: Handle
}

export interface BeginClientHandshakeResult extends Result {
  readonly additionalHeaders: WEB_SOCKET_HTTP_HEADER[]
}

interface ClientSelection {
  /** The places of the chosen extensions among those that were offered. */
  readonly selectedExtensions: number[]
  /** The place of the chosen subprotocol among those that were offered; `undefined` when none was offered. */
  readonly selectedSubprotocol: number | undefined
}

export interface EndClientHandshakeResult extends Result, ClientSelection {}

export interface BeginServerHandshakeResult extends Result {
  readonly responseHeaders: WEB_SOCKET_HTTP_HEADER[]
}

export interface GetActionResult extends Result, ActionOutputs {}

export interface GetGlobalPropertyResult extends Result {
  /** Milliseconds for `KEEPALIVE_INTERVAL`, a list of numbers for `SUPPORTED_VERSIONS`; `undefined` on failure. */
  readonly value: number | readonly number[] | undefined
  /** Bytes of the value; those that are needed when there were too few. */
  readonly size: number
}

/** Creates a client's handle, which must be deleted in the end. */
export function WebSocketCreateClientHandle(properties?: readonly WEB_SOCKET_PROPERTY[]): CreateHandleResult {
  return guarded<{ handle: Handle }>({ handle: undefined }, () => ({ handle: createHandle('client', properties) }))
}

/** Creates a server's handle, which must be deleted in the end. */
export function WebSocketCreateServerHandle(properties?: readonly WEB_SOCKET_PROPERTY[]): CreateHandleResult {
  return guarded<{ handle: Handle }>({ handle: undefined }, () => ({ handle: createHandle('server', properties) }))
}

/**
 * Begins the opening handshake of a client. The headers that come back go into the request, each in the place of one of
 * the same name.
 */
export function WebSocketBeginClientHandshake(
  handle: Handle,
  subprotocols?: readonly string[],
  extensions?: readonly string[],
  initialHeaders?: readonly WEB_SOCKET_HTTP_HEADER[],
): BeginClientHandshakeResult {
  return guarded({ additionalHeaders: [] }, () => {
    const { endpoint } = endpointIn(handle, 'client', 'created')
    const begun = offer(subprotocols, extensions, initialHeaders, endpoint.randomUint32)
    endpoint.phase = { kind: 'clientHandshake', offer: begun.offer }
    return { additionalHeaders: begun.headers }
  })
}

/** Ends the opening handshake of a client with the headers of a response whose status was 101: check that first. */
export function WebSocketEndClientHandshake(
  handle: Handle,
  responseHeaders: readonly WEB_SOCKET_HTTP_HEADER[],
): EndClientHandshakeResult {
  return guarded<ClientSelection>({ selectedExtensions: [], selectedSubprotocol: undefined }, () => {
    const { endpoint, phase } = endpointIn(handle, 'client', 'clientHandshake')
    const agreement = readAnswer(phase.offer, responseHeaders)
    openSession(endpoint, agreement)
    const { selectedExtensions, selectedSubprotocol } = agreement
    return { selectedExtensions, selectedSubprotocol }
  })
}

/**
 * Begins the opening handshake of a server with the headers of a request whose method and target were checked. The
 * headers that come back make, with a status line of 101, the whole response.
 */
export function WebSocketBeginServerHandshake(
  handle: Handle,
  subprotocolSelected: string | undefined,
  extensionsSelected: readonly string[] | undefined,
  requestHeaders: readonly WEB_SOCKET_HTTP_HEADER[],
): BeginServerHandshakeResult {
  return guarded({ responseHeaders: [] }, () => {
    const { endpoint } = endpointIn(handle, 'server', 'created')
    const { headers, agreement } = answer(subprotocolSelected, extensionsSelected, requestHeaders)
    endpoint.phase = { kind: 'serverHandshake', agreement }
    return { responseHeaders: headers }
  })
}

/** Ends the opening handshake of a server. The first `Send`, `Receive` or `GetAction` does the same. */
export function WebSocketEndServerHandshake(handle: Handle): Result {
  return guarded({}, () => {
    const { role } = endpointOf(handle)
    if (role !== 'server') throw new ResultError(E_INVALIDARG, `The handle is a ${role}'s`)
    operationsOf(handle)
    return {}
  })
}

/** Queues a send. The memory must stay as it is until `INDICATE_SEND_COMPLETE` of this operation. */
export function WebSocketSend(
  handle: Handle,
  bufferType: number,
  buffer?: WEB_SOCKET_BUFFER,
  context?: unknown,
): Result {
  return guarded({}, () => {
    operationsOf(handle).send(bufferType, buffer ?? undefined, context)
    return {}
  })
}

/** Queues a receive. Without a buffer, data is handed over in memory of the engine. */
export function WebSocketReceive(handle: Handle, buffer?: WEB_SOCKET_BUFFER, context?: unknown): Result {
  return guarded({}, () => {
    operationsOf(handle).receive(buffer ?? undefined, context)
    return {}
  })
}

/** What to do next. Every action but `NO_ACTION` is to be completed, once. */
export function WebSocketGetAction(handle: Handle, actionQueue: number, dataBufferCount: number): GetActionResult {
  return guarded(noAction(), () => {
    endpointOf(handle)
    if (actionQueue !== 1 && actionQueue !== 2 && actionQueue !== 3) {
      throw new ResultError(E_INVALIDARG, `Action queue ${shown(actionQueue)} is not 1, 2 or 3`)
    }
    if (!Number.isSafeInteger(dataBufferCount) || dataBufferCount < 0) {
      throw new ResultError(E_INVALIDARG, 'The number of buffers is not an integer from 0 up')
    }
    return operationsOf(handle).nextAction(actionQueue, dataBufferCount)
  })
}

/**
 * Says that an action was done: bytes moved for the two network actions, 0 for the others. A context that is unknown,
 * stale or was completed before is ignored.
 */
export function WebSocketCompleteAction(
  handle: Handle,
  actionContext: ActionContext | undefined,
  bytesTransferred: number,
): void {
  findOperations(handle)?.complete(actionContext, bytesTransferred)
}

/** Ends a session at once. What is queued is still to be fetched with `GetAction`, until that says `NO_ACTION`. */
export function WebSocketAbortHandle(handle: Handle): void {
  findOperations(handle)?.abort('the handle was aborted')
}

/** Frees a handle. Process all its operations before: abort, then drain. */
export function WebSocketDeleteHandle(handle: Handle): void {
  deleteHandle(handle)
}

/** A property of the whole component. @param size How many bytes the caller has for it: 4 are enough for each. */
export function WebSocketGetGlobalProperty(type: number, size: number): GetGlobalPropertyResult {
  const notSet: Omit<GetGlobalPropertyResult, keyof Result> = { value: undefined, size: 4 }
  return guarded(notSet, () => readGlobalProperty(type, size))
}

/** The outputs of a call that succeeds, or those of one that fails and why. */
export function guarded<Outputs extends object>(notSet: Outputs, call: () => Outputs): Result & Outputs {
  try {
    return { hr: S_OK, ...call() }
  } catch (error) {
    if (!(error instanceof ResultError)) throw error
    return { hr: error.hr, detail: error.message, ...notSet }
  }
}
