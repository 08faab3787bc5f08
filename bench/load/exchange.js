// What a load sends, and what each of it is to be answered with.
import { constants, deflateRawSync } from 'node:zlib'
import { BINARY, clientFrame, maskingKeys, serverFrame, TEXT } from './frames.js'
import { binary, json, text } from './payloads.js'

const DIFFERENT_FRAMES = 16
const MANY_BYTES = 2 ** 20 // of all the different frames

/** Frames with one message that differ in their masking keys. */
function framesOf(opcode, payload, options) {
  const count = Math.max(1, Math.min(DIFFERENT_FRAMES, Math.floor(MANY_BYTES / (payload.length + 1))))
  return maskingKeys(count).map((key) => clientFrame(opcode, payload, key, options))
}

/** A message of so many bytes, as it is. */
export function plainExchange({ bytes, text: isText }) {
  const opcode = isText ? TEXT : BINARY
  const payload = isText ? text(bytes) : binary(bytes)
  return { frames: framesOf(opcode, payload), answer: serverFrame(opcode, payload) }
}

/** A message of so many bytes of JSON, compressed on its own. What a server makes of it is the server's affair. */
export function compressedExchange({ bytes }) {
  const payload = json(bytes)
  const flushed = deflateRawSync(payload, { windowBits: 12, finishFlush: constants.Z_SYNC_FLUSH })
  const tail = 4 // RFC 7692 §7.2.1
  const frames = framesOf(TEXT, flushed.subarray(0, flushed.length - tail), { compressed: true })
  return { frames, answer: undefined, payload }
}

const NO_TAKEOVER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/** What is offered with it; Bun's server takes the second. */
export const OFFER = `${NO_TAKEOVER}; server_max_window_bits=12; client_max_window_bits=12, ${NO_TAKEOVER}`
