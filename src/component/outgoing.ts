// What is asked to be sent → frames. The session is asked at once, so that whatever is wrong is the result of the call;
// its frame is kept as it is, and becomes bytes only when it is handed out (`buffers.ts`).

import { isFixedMemory, viewBytes } from '../codec/payload-bytes.ts'
import type { AgreedExtension } from '../extension/index.ts'
import { type FrameWriter, type Limits, type Role, Session } from '../session/index.ts'
import { readDataType } from './buffer-types.ts'
import type { OutgoingFrame } from './buffers.ts'
import {
  type WEB_SOCKET_BUFFER,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
} from './constants.ts'
import type { Settings } from './properties.ts'
import { attempt, E_INVALID_PROTOCOL_OPERATION, E_INVALIDARG, ResultError } from './result.ts'

const EMPTY = new Uint8Array(0)
const NO_LIMIT = Number.POSITIVE_INFINITY

// The original has no limits and no timers; the two limits that a handle can be given are properties of our own.
const UNLIMITED: Limits = {
  maxMessageBytes: NO_LIMIT,
  maxMessageFragments: NO_LIMIT,
  maxControlFramesPerSecond: NO_LIMIT,
  maxControlFrameBurst: NO_LIMIT,
  frameTimeoutMs: NO_LIMIT,
  closeTimeoutMs: NO_LIMIT,
  idleTimeoutMs: NO_LIMIT,
  maxDiscardedBytes: NO_LIMIT,
}

/** What a session is opened with. */
export interface Opening {
  readonly role: Role
  readonly settings: Settings
  readonly subprotocol: string | undefined
  readonly extensions: readonly AgreedExtension[]
  readonly randomUint32: () => number
}

/** Keeps the frame that a session writes, instead of writing it. */
export class FrameCapture implements FrameWriter {
  #frame: OutgoingFrame | undefined

  writeFrame(firstByte: number, payload: Uint8Array, maskingKey: number | undefined): void {
    this.#frame = { firstByte, maskingKey, lead: EMPTY, payload, payloadLength: payload.length }
  }

  /** The frame that was written last; once. */
  take(): OutgoingFrame | undefined {
    const frame = this.#frame
    this.#frame = undefined
    return frame
  }

  writeTextFrame(): never {
    return this.writeHeader()
  }

  writePiece(): never {
    return this.writeHeader()
  }

  writeHeader(): never {
    throw new Error('The component sends whole frames, and text as bytes')
  }
}

/** The session of a handle, and the frames that it makes of what is to be sent. */
export class Outgoing {
  readonly session: Session
  readonly #capture = new FrameCapture()

  constructor({ role, settings, subprotocol, extensions, randomUint32 }: Opening) {
    const { disableMasking, disableUtf8Verification, maxMessageBytes, maxMessageFragments } = settings
    this.session = new Session(
      {
        role,
        subprotocol,
        extensions,
        delivery: 'raw',
        limits: { ...UNLIMITED, maxMessageBytes, maxMessageFragments },
        keepalive: false,
        autoPong: false,
        autoClose: false,
        validateUtf8: !disableUtf8Verification,
        acceptUnmasked: disableMasking,
        randomUint32: disableMasking ? () => 0 : randomUint32,
      },
      this.#capture,
    )
  }

  /** The frame of a `WebSocketSend`. @throws ResultError for what must not be sent; nothing is changed then. */
  frameOf(bufferType: number, buffer: WEB_SOCKET_BUFFER | undefined): OutgoingFrame {
    switch (bufferType) {
      case WEB_SOCKET_CLOSE_BUFFER_TYPE:
        return this.#closeFrame(buffer)
      case WEB_SOCKET_PING_PONG_BUFFER_TYPE:
        checkNoBuffer(buffer)
        return this.pingFrame(EMPTY)
      case WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE:
        checkNoBuffer(buffer)
        return this.pongFrame(EMPTY)
      default:
        return this.#dataFrame(bufferType, buffer)
    }
  }

  pingFrame(payload: Uint8Array): OutgoingFrame {
    return this.#make(() => this.session.ping(payload))
  }

  pongFrame(payload: Uint8Array): OutgoingFrame {
    return this.#make(() => this.session.pong(payload))
  }

  #dataFrame(bufferType: number, buffer: WEB_SOCKET_BUFFER | undefined): OutgoingFrame {
    const { session } = this
    const { type, final, reservedBits } = readDataType(bufferType, session.openMessage, session.extensions.length > 0)
    const payload = buffer === undefined ? EMPTY : attempt(() => readBytes(buffer.data, 'data'))
    return this.#make(() => session.send(type, payload, { final, reservedBits }))
  }

  #closeFrame(buffer: WEB_SOCKET_BUFFER | undefined): OutgoingFrame {
    if (buffer === undefined) return this.#make(() => this.session.close())
    const { reason, status } = attempt(() => readCloseStatus(buffer))
    const frame = this.#make(() => this.session.close(status, reason))
    const lead = frame.payload.subarray(0, 2)
    // What another thread may write, or anyone may shrink, is sent as it was when it was checked.
    const payload = isFixedMemory(reason) ? reason : frame.payload.subarray(2)
    return { ...frame, lead, payload, payloadLength: payload.length }
  }

  #make(send: () => void): OutgoingFrame {
    attempt(send)
    const frame = this.#capture.take()
    if (frame !== undefined) return frame
    throw new ResultError(
      E_INVALID_PROTOCOL_OPERATION,
      'Cannot send a Close frame: it is already sent (RFC 6455 §5.5.1)',
    )
  }
}

function checkNoBuffer(buffer: WEB_SOCKET_BUFFER | undefined): void {
  if (buffer !== undefined) throw new ResultError(E_INVALIDARG, 'A ping or pong takes no buffer')
}

function readCloseStatus({ reason, status }: WEB_SOCKET_BUFFER): { reason: Uint8Array; status: number } {
  if (typeof status !== 'number') throw new ResultError(E_INVALIDARG, 'Buffer has no number in status')
  return { reason: reason === undefined || reason === null ? EMPTY : readBytes(reason, 'reason'), status }
}

/** A plain view of the caller's memory. */
export function readBytes(value: unknown, field: string): Uint8Array {
  const bytes = viewBytes(value)
  if (bytes === undefined) throw new ResultError(E_INVALIDARG, `Buffer has no bytes in ${field}`)
  return bytes
}
