// What was sent in one direction of one connection, and how much of it has arrived.

import type { Message } from '../../src/connection/index.ts'
import type { World } from './world.ts'

/** A message as it was given to `send`. */
export interface SentMessage {
  readonly content: Message
  /**
   * Whether the connection took it, by what it said: `unclear` when its promise was rejected in the turn in which it was
   * sent.
   */
  certainty: 'taken' | 'unclear' | 'refused'
}

export class Flow {
  readonly name: string
  readonly sent: SentMessage[] = []
  /** The place in `sent` behind the last message that was delivered. */
  delivered = 0
  /**
   * How many of `sent` the sender knows to be handled on the other side: those in front of a ping that was answered, or of
   * a Close frame that was received. That `send` is through says that they left, no more.
   */
  acknowledged = 0
  /** Whether the receiver has done something by which messages are thrown away, and documented to be. */
  mayLose = false

  constructor(name: string) {
    this.name = name
  }

  /** Something will be sent. */
  add(content: Message): SentMessage {
    const sent: SentMessage = { content, certainty: 'taken' }
    this.sent.push(sent)
    return sent
  }
}

const LETTERS = 'aé€😀 lorem ipsum '

/** A message that can be told from the others, if it is long enough for a number. */
export function contentOf(world: World, isText: boolean, size: number, number: number): Message {
  if (isText) {
    const head = size < 6 ? '' : `<${number}>`
    const filler = size < 6 ? String.fromCharCode(97 + (number % 26)) : LETTERS
    const text = (head + filler.repeat(Math.ceil(size / filler.length))).slice(0, size)
    return /[\ud800-\udbff]$/.test(text) ? text.slice(0, -1) : text // no half of a code point: it would not come back
  }
  const compressible = world.random.chance(2)
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = compressible ? number + (i >> 5) : Math.imul(number + i, 0x9e3779b1) >>> 13
  if (size >= 4) new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

export function isSame(one: Message, other: Message): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other
  return one.length === other.length && one.every((byte, i) => byte === other[i])
}

/** Whether this is how the message begins. */
export function isStart(part: Message, whole: Message): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  return typeof whole !== 'string' && isSame(part, whole.subarray(0, part.length))
}

export function shown(message: Message): string {
  if (typeof message === 'string') return `text of ${message.length}: ${JSON.stringify(message.slice(0, 12))}`
  return `binary of ${message.length}: ${Buffer.from(message.subarray(0, 8)).toString('hex')}`
}
