// Opaque handles ↔ what they stand for, and how far each has come: created, in the handshake, open. A handle that was
// deleted, and an object that never was one, stand for nothing.

import type { Role } from '../session/index.ts'
import { createMemory, type Memory } from './buffers.ts'
import type { WEB_SOCKET_HANDLE, WEB_SOCKET_PROPERTY } from './constants.ts'
import type { Agreement, ClientOffer } from './handshake.ts'
import { Operations } from './operations.ts'
import { readProperties, type Settings } from './properties.ts'
import { randomUint32 } from './random.ts'
import { E_HANDLE, E_INVALID_PROTOCOL_OPERATION, E_INVALIDARG, ResultError } from './result.ts'

type Phase =
  | { readonly kind: 'created' }
  | { readonly kind: 'clientHandshake'; readonly offer: ClientOffer }
  | { readonly kind: 'serverHandshake'; readonly agreement: Agreement }
  | { readonly kind: 'open'; readonly operations: Operations }

/** What a handle stands for. */
export interface Endpoint {
  readonly role: Role
  readonly settings: Settings
  readonly memory: Memory
  phase: Phase
  randomUint32: () => number
}

const NO_BYTES = new Uint8Array(0)

const endpoints = new WeakMap<object, Endpoint>()

/** @throws ResultError for a property that is wrong, or when there is not enough memory. */
export function createHandle(role: Role, properties: readonly WEB_SOCKET_PROPERTY[] | undefined): WEB_SOCKET_HANDLE {
  const settings = readProperties(role, properties)
  const handle = Object.freeze({}) as WEB_SOCKET_HANDLE
  endpoints.set(handle, { role, settings, memory: createMemory(settings), phase: { kind: 'created' }, randomUint32 })
  return handle
}

/** @throws ResultError `E_HANDLE`. */
export function endpointOf(handle: unknown): Endpoint {
  const endpoint = endpoints.get(handle as object)
  if (endpoint === undefined) throw new ResultError(E_HANDLE, 'This is no handle, or it was deleted')
  return endpoint
}

/** The endpoint of a handle in the given role and phase. @throws ResultError */
export function endpointIn<Kind extends Phase['kind']>(
  handle: unknown,
  role: Role | undefined,
  kind: Kind,
): { endpoint: Endpoint; phase: Extract<Phase, { kind: Kind }> } {
  const endpoint = endpointOf(handle)
  if (role !== undefined && endpoint.role !== role) {
    throw new ResultError(E_INVALIDARG, `The handle is a ${endpoint.role}'s`)
  }
  if (endpoint.phase.kind !== kind) throw wrongMoment(endpoint.phase)
  return { endpoint, phase: endpoint.phase as Extract<Phase, { kind: Kind }> }
}

/** The operations of a handle whose session exists; a server's handshake is ended, if need be. @throws ResultError */
export function operationsOf(handle: unknown): Operations {
  const endpoint = endpointOf(handle)
  const { phase } = endpoint
  if (phase.kind === 'open') return phase.operations
  if (phase.kind === 'serverHandshake') return openSession(endpoint, phase.agreement)
  throw wrongMoment(phase)
}

/** The operations of a handle whose session exists, for functions that cannot fail. */
export function findOperations(handle: unknown): Operations | undefined {
  const phase = endpoints.get(handle as object)?.phase
  return phase?.kind === 'open' ? phase.operations : undefined
}

/** @param early Bytes that came after the handshake and were read with it. */
export function openSession(endpoint: Endpoint, agreement: Agreement, early: Uint8Array = NO_BYTES): Operations {
  const { role, settings, memory } = endpoint
  const { subprotocol, extensions } = agreement
  const random = () => endpoint.randomUint32()
  const operations = new Operations({ role, settings, subprotocol, extensions, randomUint32: random }, memory, early)
  endpoint.phase = { kind: 'open', operations }
  return operations
}

/** From now on the handle stands for nothing. */
export function deleteHandle(handle: unknown): void {
  endpoints.delete(handle as object)
}

const MOMENTS: Readonly<Record<Phase['kind'], string>> = {
  created: 'the handshake has not begun',
  clientHandshake: 'the handshake has begun and not ended',
  serverHandshake: 'the handshake has begun',
  open: 'the handshake has ended',
}

function wrongMoment(phase: Phase): ResultError {
  return new ResultError(E_INVALID_PROTOCOL_OPERATION, `Not allowed now: ${MOMENTS[phase.kind]}`)
}
