// The properties of a handle, read once into settings, and the global properties. The defaults and the bounds are those
// of `websocket.h`; known programs go down to a send buffer of 16 bytes on a server, so that is the least there.

import { isUint8Array, viewBytes } from '../codec/payload-bytes.ts'
import type { Role } from '../session/index.ts'
import {
  WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
  WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
  WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
  WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE,
  type WEB_SOCKET_PROPERTY,
  WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE,
} from './constants.ts'
import { attempt, E_INVALIDARG, E_NOT_SUFFICIENT_BUFFER, ResultError, shown } from './result.ts'

/**
 * Ours: the largest message that is received, in bytes; a longer one is the error `WSPC_E_MESSAGE_TOO_BIG` as soon as a
 * header announces it. Not set: no limit, as in the original.
 */
export const WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE = 0x2000_0000
/**
 * Ours: most frames in one received message, empty ones included; more is the error `WSPC_E_QUOTA_EXCEEDED`. Not set:
 * no limit, as in the original.
 */
export const WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE = 0x2000_0001

/** What a handle was created with. */
export interface Settings {
  readonly receiveBufferSize: number
  readonly sendBufferSize: number
  readonly disableMasking: boolean
  readonly disableUtf8Verification: boolean
  /** The application's memory for all internal buffers. */
  readonly allocatedBuffer: Uint8Array | undefined
  readonly maxMessageBytes: number
  readonly maxMessageFragments: number
}

/**
 * Beside the two areas, room for one control frame: the longest header and the longest control payload (14 + 125,
 * RFC 6455 §5.2 and §5.5), rounded up to a multiple of 8. Known programs give exactly this much.
 */
export const CONTROL_AREA_BYTES = 144

const LEAST_RECEIVE_BUFFER_SIZE = 256
const LEAST_SEND_BUFFER_SIZE: Readonly<Record<Role, number>> = { client: 256, server: 16 }
// The API states no maximum; sizes are unsigned numbers of 32 bits there, and known programs stop at 64 KiB.
const GREATEST_BUFFER_SIZE = 0x7fff_ffff

const DEFAULTS: Readonly<Record<Role, Settings>> = { client: defaults(4_096), server: defaults(16) }

function defaults(sendBufferSize: number): Settings {
  return {
    receiveBufferSize: 4_096,
    sendBufferSize,
    disableMasking: false,
    disableUtf8Verification: false,
    allocatedBuffer: undefined,
    maxMessageBytes: Number.POSITIVE_INFINITY,
    maxMessageFragments: Number.POSITIVE_INFINITY,
  }
}

/** The settings of a handle. A property that is repeated counts the last time. @throws ResultError `E_INVALIDARG`. */
export function readProperties(role: Role, properties: readonly WEB_SOCKET_PROPERTY[] | undefined): Settings {
  const settings = attempt(() => {
    if (!Array.isArray(properties ?? [])) throw new ResultError(E_INVALIDARG, 'The properties are not an array')
    const read = (properties ?? []).map((property) => readProperty(role, property))
    return Object.assign({}, DEFAULTS[role], ...read) as Settings
  })
  const { allocatedBuffer, receiveBufferSize, sendBufferSize } = settings
  const needed = receiveBufferSize + sendBufferSize + CONTROL_AREA_BYTES
  if (allocatedBuffer !== undefined && allocatedBuffer.length < needed) {
    throw invalid('ALLOCATED_BUFFER', `has ${allocatedBuffer.length} bytes, at least ${needed} are needed`)
  }
  return settings
}

function readProperty(role: Role, { type, value }: WEB_SOCKET_PROPERTY): Partial<Settings> {
  switch (type) {
    case WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE:
      return { receiveBufferSize: readSize('RECEIVE_BUFFER_SIZE', value, LEAST_RECEIVE_BUFFER_SIZE) }
    case WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE:
      return { sendBufferSize: readSize('SEND_BUFFER_SIZE', value, LEAST_SEND_BUFFER_SIZE[role]) }
    case WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE:
      return { disableMasking: readSwitch('DISABLE_MASKING', value) }
    case WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE:
      return { disableUtf8Verification: readSwitch('DISABLE_UTF8_VERIFICATION', value) }
    case WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE:
      return { allocatedBuffer: readMemory(value) }
    case WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE:
      return { maxMessageBytes: readLimit('WSPC_MAX_MESSAGE_BYTES', value, 0) }
    case WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE:
      return { maxMessageFragments: readLimit('WSPC_MAX_MESSAGE_FRAGMENTS', value, 1) }
    default:
      throw invalid(shown(type), 'is not a property of a handle')
  }
}

function readSize(name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= GREATEST_BUFFER_SIZE) {
    return value as number
  }
  throw invalid(name, `is not an integer from ${least} to ${GREATEST_BUFFER_SIZE}`)
}

function readSwitch(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (value === 0 || value === 1) return value === 1
  throw invalid(name, 'is not a boolean')
}

function readLimit(name: string, value: unknown, least: number): number {
  if (value === Number.POSITIVE_INFINITY) return value
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw invalid(name, `is not an integer from ${least} up, or Infinity`)
}

function readMemory(value: unknown): Uint8Array {
  const memory = isUint8Array(value) ? viewBytes(value)! : undefined
  if (memory !== undefined && memory.byteOffset % 8 === 0) return memory
  throw invalid('ALLOCATED_BUFFER', 'is not a Uint8Array that begins on a multiple of 8 bytes')
}

function invalid(name: string, sentence: string): ResultError {
  return new ResultError(E_INVALIDARG, `Property ${name} ${sentence}`)
}

// Windows lets an administrator configure the interval, and never goes below 15,000; there is no such place here.
const KEEPALIVE_INTERVAL_MS = 30_000
const SUPPORTED_VERSIONS: readonly number[] = Object.freeze([13])
const ULONG_BYTES = 4

/** The value of a global property in at most `size` bytes, and its own size. */
export function readGlobalProperty(type: number, size: number): { value: number | readonly number[]; size: number } {
  const isInterval = type === WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE
  if (!isInterval && type !== WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE) {
    throw new ResultError(E_INVALIDARG, `Property ${shown(type)} is not a global property`)
  }
  if (!Number.isSafeInteger(size) || size < 0) throw new ResultError(E_INVALIDARG, 'Size is not a number of bytes')
  if (size < ULONG_BYTES) {
    throw new ResultError(E_NOT_SUFFICIENT_BUFFER, `Property takes ${ULONG_BYTES} bytes, only ${size} are there`)
  }
  return { value: isInterval ? KEEPALIVE_INTERVAL_MS : SUPPORTED_VERSIONS, size: ULONG_BYTES }
}
