// What a peer says is compressed: zlib and the portable DEFLATE make the same of it or refuse it both, in bounded steps; and
// what we compress ourselves comes back.

import type { WindowBits } from '../../../src/extension/deflate-params.ts'
import { type MessageTransform, permessageDeflate, TransformError } from '../../../src/extension/index.ts'
import { Inflation } from '../../../src/extension/inflation.ts'
import { StreamPool } from '../../../src/extension/stream-pool.ts'
import { nodeDeflate } from '../../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../../src/transport/web/index.ts'
import { concat, hex, hexList, isSameBytes, utf8 } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { holds, holdsSame } from '../property.ts'

/** What became of a row of messages: what each was, up to the first that is refused. */
interface Outcome {
  readonly messages: Uint8Array[]
  refused: string | undefined
  /** The last message was too long to be gone on with. */
  isCut: boolean
}

export const dictionary = hexList(
  '00 00 00 ff ff, 01 00 00 ff ff, 03 00, f2 48 cd c9 c9 07 00, 02 00, 00 05 00 fa ff, 4a 04 00, ' +
    'aa aa aa aa, ed c1 01 01 00 00 00 80 90 fe af ee 08',
)

export const seeds = [
  hex('0f 00 07 f2 48 cd c9 c9 07 00'),
  hex('8f 00 0c f2 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00'),
  hex('09 00 0b 00 05 00 fa ff 48 65 6c 6c 6f 00'),
  hex('0f 00 0d ed c1 01 01 00 00 00 80 90 fe af ee 08 00'),
  concat(hex('4f'), utf8('what is deflated and inflated again, deflated and inflated again')),
]

export const maxBytes = 512

// Each of many short messages may have a window of its own.
export const memoryOnTop = 4 * 1_048_576

// More than one step, and not so much that bombs are all that there is time for.
const MOST_INFLATED_BYTES = 98_304
const MOST_STEP_BYTES = 65_536

const PORTS = { zlib: nodeDeflate, portable: portableDeflate }

/** Streams are shared by all executions, as all sessions of a server share them. */
const inflaters = new Map<string, StreamPool>()

const ROUND_TRIP = [nodeDeflate, portableDeflate].map((port) => permessageDeflate(port, { thresholdBytes: 0 }))

// Streams are made once, and not for each execution, as long as somebody may come for them.
for (const extension of ROUND_TRIP) extension.agreed([]).createTransforms!('server')

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data)
  const flags = choices.byte()
  if ((flags & 0x40) !== 0) {
    checkRoundTrip(choices.rest(), flags)
    return
  }
  const windowBits = (8 + (flags & 7)) as WindowBits
  const noContextTakeover = (flags & 0x80) === 0
  const runs = (flags & 0x10) === 0 ? Number.POSITIVE_INFINITY : 1 + choices.byte()
  const messages = readMessages(choices)
  const zlib = new Inflation(poolOf('zlib', windowBits), { windowBits, noContextTakeover })
  const portable = new Inflation(poolOf('portable', windowBits), { windowBits, noContextTakeover })
  // The same runs for both: up to where a reference beyond the window is noticed depends on them (`inflation.ts`).
  const inflated = inflateAll(zlib, messages, runs)
  checkSame(inflated, inflateAll(portable, messages, runs))
  const isWhole = runs === Number.POSITIVE_INFINITY
  if (isWhole && noContextTakeover && messages.length > 0) checkWhole(zlib, messages[0]!, inflated)
  zlib.close()
  portable.close()
}

/** Messages with their lengths in front of them, two bytes each; a length that is too great means all that is left. */
function readMessages(choices: Choices): Uint8Array[] {
  const messages: Uint8Array[] = []
  while (!choices.isOver) messages.push(choices.bytes(choices.byte() * 256 + choices.byte()))
  return messages
}

function poolOf(name: keyof typeof PORTS, windowBits: WindowBits): StreamPool {
  const key = `${name} ${windowBits}`
  const pool = inflaters.get(key) ?? new StreamPool(() => PORTS[name].createInflater(windowBits))
  if (!inflaters.has(key)) pool.open() // so that its stream stays
  inflaters.set(key, pool)
  return pool
}

function inflateAll(inflation: Inflation, messages: readonly Uint8Array[], runBytes: number): Outcome {
  const outcome: Outcome = { messages: [], refused: undefined, isCut: false }
  for (const message of messages) {
    inflation.begin(0b100)
    try {
      outcome.messages.push(transform(inflation, message, runBytes))
    } catch (error) {
      if (error instanceof TooLong) outcome.isCut = true
      else if (error instanceof TransformError) outcome.refused = error.violation
      else throw error
      break
    }
  }
  return outcome
}

class TooLong extends Error {}

/** A message in runs. */
function transform(through: MessageTransform, message: Uint8Array, runBytes: number): Uint8Array {
  const parts: Uint8Array[] = []
  let bytes = 0
  let at = 0
  do {
    const end = Math.min(message.length, at + runBytes)
    through.write(message.subarray(at, end), end === message.length ? 'message' : 'inside')
    at = end
    while (through.pending) {
      const part = through.read()
      holds(part.length <= MOST_STEP_BYTES, 'A step writes 64 KiB at most')
      parts.push(part)
      bytes += part.length
      if (bytes > MOST_INFLATED_BYTES) throw new TooLong()
    }
  } while (at < message.length)
  return concat(...parts)
}

function checkSame(a: Outcome, b: Outcome): void {
  // How much of a message comes out before it is refused depends on the runs.
  if (a.isCut || b.isCut) return
  holdsSame(b.refused, a.refused, 'What the portable DEFLATE refuses')
  holdsSame(b.messages.length, a.messages.length, 'Messages of the portable DEFLATE')
  for (const [i, message] of a.messages.entries()) {
    holds(isSameBytes(message, b.messages[i]!), 'A message is the same, whatever inflates it')
  }
}

/** The shorter way says the same as the other, where it says anything. */
function checkWhole(inflation: Inflation, message: Uint8Array, { messages }: Outcome): void {
  const surrounded = concat(hex('aa'), message, hex('aa'))
  const whole = inflation.transformWhole(surrounded, 1, 1 + message.length)
  if (whole === undefined) return
  holds(messages[0] !== undefined && isSameBytes(whole, messages[0]), 'A message is the same by the shorter way')
}

/** Deflated by one port, inflated by the other. */
function checkRoundTrip(text: Uint8Array, flags: number): void {
  const [from, to] = (flags & 1) === 0 ? ROUND_TRIP : ROUND_TRIP.toReversed()
  const parameters = from!.offers()[1]!
  const deflates = from!.agreed([]).createTransforms!('server').outgoing
  const inflates = to!.agreed(parameters.slice(0, 0)).createTransforms!('client').incoming
  for (const message of [text, text.subarray(text.length >> 1)]) {
    deflates.begin({ type: 'binary', payloadBytes: message.length, compress: true })
    inflates.begin(0b100)
    const again = transform(inflates, transform(deflates, message, 1 + (flags & 0x3f)), 64)
    holds(isSameBytes(again, message), 'A message that was deflated comes back')
  }
  deflates.close()
  inflates.close()
}
