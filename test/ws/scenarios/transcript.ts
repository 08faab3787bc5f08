// What a scenario saw, as plain values that compare and print well. What differs from run to run (ports, keys) is replaced.

import { createHash } from 'node:crypto'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** One list for each party, because only within a party is the order of events that of a single thread. */
export type Transcript = { readonly [party: string]: readonly Json[] }

const LONG = 160

function withoutChance(text: string): string {
  const answer = text.replace(/^(Sec-WebSocket-Accept): [A-Za-z0-9+/]{27}=$/i, '$1: ACCEPT')
  return answer.replaceAll(/(127\.0\.0\.1|localhost|\[::1\]|:::?1?):\d{2,5}\b/g, '$1:PORT')
}

function plainText(text: string): string {
  return text.length > LONG ? `${text.length} characters ${digest(Buffer.from(text))}` : withoutChance(text)
}

function digest(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex').slice(0, 12)
}

/** Bytes as text where they are printable, else as hexadecimal digits. */
export function plainBytes(bytes: Uint8Array): string {
  if (bytes.length > LONG) return `${bytes.length} bytes ${digest(bytes)}`
  const text = Buffer.from(bytes).toString('latin1')
  if (/^[\x20-\x7e]*$/.test(text)) return JSON.stringify(text)
  return Buffer.from(bytes).toString('hex')
}

function plainError(error: Error): Json {
  const { code } = error as { code?: unknown }
  const shown: Record<string, Json> = {
    name: error.name,
    constructor: error.constructor.name,
    message: withoutChance(error.message),
  }
  if (code !== undefined) shown['code'] = plain(code)
  const keys = Object.keys(error).filter((key) => key !== 'code')
  if (keys.length > 0) shown['keys'] = keys
  return { error: shown }
}

export function plain(value: unknown): Json {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') {
    return Object.is(value, -0) || (typeof value === 'number' && !Number.isFinite(value)) ? `(${value})` : value
  }
  if (typeof value === 'string') return plainText(value)
  if (value === undefined) return '(undefined)'
  if (typeof value === 'function') return '(function)'
  if (typeof value !== 'object') return `(${String(value)})`
  if (value instanceof Error) return plainError(value)
  if (Buffer.isBuffer(value)) return `Buffer ${plainBytes(value)}`
  if (value instanceof Uint8Array) return `Uint8Array ${plainBytes(value)}`
  if (value instanceof ArrayBuffer) return `ArrayBuffer ${plainBytes(new Uint8Array(value))}`
  if (value instanceof Blob) return `Blob of ${value.size}, type ${JSON.stringify(value.type)}`
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Set) return { Set: [...value].map(plain) }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
  }
  return `(${value.constructor.name})`
}

/** One party's list. */
export class Track {
  readonly entries: Json[] = []
  frozen = false
  readonly #waiting = new Set<() => void>()

  note(...values: unknown[]): void {
    if (this.frozen) return
    this.entries.push(values.length === 1 ? plain(values[0]) : values.map(plain))
    for (const wake of [...this.#waiting]) wake()
  }

  /** Notes what a call returned or threw. */
  attempt(name: string, call: () => unknown): void {
    try {
      this.note(`${name}()`, 'returned', call())
    } catch (error) {
      this.note(`${name}()`, 'threw', error)
    }
  }

  /** The same without the message of the error, for messages that quote the source of the module. */
  attemptBriefly(name: string, call: () => unknown): void {
    this.attempt(name, () => {
      try {
        return call()
      } catch (error) {
        return `an error: ${(error as Error).name}`
      }
    })
  }

  /** A callback that notes its arguments. */
  callback(name: string): (...values: unknown[]) => void {
    return (...values) => this.note(name, ...values)
  }

  count(name: string): number {
    return this.entries.filter((entry) => entry === name || (Array.isArray(entry) && entry[0] === name)).length
  }

  /** Waits for the entry of that name, or for that many of them. */
  async until(name: string, count = 1): Promise<void> {
    await this.when(() => this.count(name) >= count)
  }

  async when(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }
}

export interface Change {
  readonly at: string
  readonly theirs: Json
  readonly ours: Json
}

const MISSING = '(nothing)'

/** Where two transcripts differ: paths like `client/3/1`, and what stands there. */
export function changes(theirs: Json, ours: Json, at = ''): Change[] {
  if (isBranch(theirs) && isBranch(ours) && Array.isArray(theirs) === Array.isArray(ours)) {
    const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])]
    return names.flatMap((name) =>
      changes(member(theirs, name), member(ours, name), at === '' ? name : `${at}/${name}`),
    )
  }
  return theirs === ours ? [] : [{ at, theirs, ours }]
}

function isBranch(value: Json): value is readonly Json[] | { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null
}

function member(branch: readonly Json[] | { readonly [key: string]: Json }, name: string): Json {
  return (branch as { readonly [key: string]: Json })[name] ?? MISSING
}
