// How each kind of case is timed. A pass gives nanoseconds, and how many frames, or calls, they were for.
import { compressedExchange, plainExchange } from '../load/exchange.js'
import { clientFrame, maskingKeys } from '../load/frames.js'
import { PAYLOADS } from '../load/payloads.js'

const CHUNK_BYTES = 64 * 1_024 // what Node reads at once
const STREAM_BYTES = 16 * CHUNK_BYTES
const AT_ONCE = 32 // messages that are compressed, or not yet inflated, at a time: `ws` gives them to other threads
const CALLS = 1_000

function now() {
  return Number(process.hrtime.bigint())
}

/** Frames of one message, over and over, in the chunks in which a socket would hand them over. */
function chunksOf(frames, bytes) {
  const whole = Buffer.concat(
    Array.from({ length: Math.ceil(bytes / frames[0].length) }, (_, i) => frames[i % frames.length]),
  )
  const chunks = []
  for (let at = 0; at < whole.length; at += CHUNK_BYTES) chunks.push(whole.subarray(at, at + CHUNK_BYTES))
  return { chunks, count: whole.length / frames[0].length }
}

/** What a socket hands over is new memory each time: it may be unmasked in place, and kept. */
function fresh(chunk) {
  const copy = Buffer.allocUnsafeSlow(chunk.length)
  chunk.copy(copy)
  return copy
}

/** Waits for something that is to happen a number of times. */
class Countdown {
  #left = 0
  #resolve

  step = () => {
    if (--this.#left === 0) this.#resolve?.()
  }

  begin(count) {
    this.#left = count
  }

  /** Whether nothing is left of it; otherwise a promise. */
  get over() {
    return this.#left <= 0 || new Promise((resolve) => (this.#resolve = resolve))
  }
}

function framesOf({ deflates, content, bytes }) {
  if (deflates) return compressedExchange({ bytes }).frames
  if (content !== 'multiByteText') return plainExchange({ bytes, text: content === 'text' }).frames
  return maskingKeys(16).map((key) => clientFrame(1, PAYLOADS.multiByteText(bytes), key))
}

function parse(contestant, one) {
  const { deflates = false, bytes } = one
  const frames = framesOf(one)
  const { chunks, count } = chunksOf(frames, deflates ? AT_ONCE * frames[0].length : STREAM_BYTES)
  const arrived = new Countdown()
  const parser = contestant.createParser(deflates, (message) => {
    if (message.length > bytes) throw new Error('A message is too long') // and it was looked at
    arrived.step()
  })
  return async () => {
    let ns = 0
    arrived.begin(count)
    for (const chunk of chunks) {
      const copy = fresh(chunk)
      const begun = now()
      parser(copy)
      ns += now() - begun
    }
    const { over } = arrived
    if (over === true) return { ns, count }
    const begun = now()
    await over
    return { ns: ns + now() - begun, count }
  }
}

function send(contestant, { deflates = false, content, bytes }) {
  const payload = PAYLOADS[content](bytes)
  const message = content === 'binary' ? payload : payload.toString()
  const count = deflates ? AT_ONCE : CALLS
  const left = new Countdown()
  let out = 0
  const sender = contestant.createSender(
    deflates,
    (vector) => {
      out += vector.length
    },
    left.step,
  )
  return async () => {
    const before = out
    left.begin(count)
    const begun = now()
    for (let i = 0; i < count; i++) sender(message)
    const { over } = left
    if (over !== true) await over
    const ns = now() - begun
    if (out === before) throw new Error('Nothing was sent')
    return { ns, count }
  }
}

function calls(call) {
  return async () => {
    const begun = now()
    for (let i = 0; i < CALLS; i++) call()
    return { ns: now() - begun, count: CALLS }
  }
}

function mask(contestant, { bytes }) {
  const source = PAYLOADS.binary(bytes)
  const target = Buffer.alloc(bytes)
  const [key] = maskingKeys(1)
  return calls(() => contestant.mask(target, source, key))
}

function utf8(contestant, { content, bytes }) {
  const payload = PAYLOADS[content](bytes)
  return calls(() => {
    if (!contestant.isUtf8(payload)) throw new Error('It is UTF-8')
  })
}

/** Whether a contestant has what a case needs. */
export function takesPart(contestant, { kind, deflates = false }) {
  if (kind === 'mask') return contestant.mask !== undefined
  if (kind === 'utf8') return contestant.isUtf8 !== undefined
  return !deflates || contestant.deflates
}

export const KINDS = { parse, send, mask, utf8 }
