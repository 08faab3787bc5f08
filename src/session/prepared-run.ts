// Prepared messages that a server sends one behind another. Unmasked and not transformed, their frames are the same for all
// of its sessions: they are made once, as one piece of memory that is sent to each from where it lies.

import { frameHeaderSize, writeHeaderBytes } from '../codec/frame-header.ts'
import { Opcode } from '../codec/opcode.ts'
import type { PreparedMessage } from './prepared-message.ts'

const FIN = 0x80

/** How much was sent of whole messages, of one frame each. */
export interface Passed {
  readonly messages: number
  readonly wireBytes: number
  readonly payloadBytes: number
}

/** Bytes of the frame that is a whole message of a server. */
export function frameBytesOf({ payload }: PreparedMessage): number {
  return frameHeaderSize(payload.length, false) + payload.length
}

export class PreparedRun {
  readonly messages: PreparedMessage[] = []
  /** Bytes of their frames. */
  wireBytes = 0
  payloadBytes = 0

  add(message: PreparedMessage): void {
    this.messages.push(message)
    this.wireBytes += frameBytesOf(message)
    this.payloadBytes += message.payload.length
  }

  /** Their frames, of one message each. Who sends them keeps them, and changes nothing. */
  frames(): Uint8Array {
    const bytes = new Uint8Array(this.wireBytes)
    let at = 0
    for (const { type, payload } of this.messages) {
      at = writeHeaderBytes(bytes, at, FIN | Opcode[type], payload.length, undefined)
      bytes.set(payload, at)
      at += payload.length
    }
    return bytes
  }
}
