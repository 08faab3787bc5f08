// The events of the WebSockets standard on top of those of an emitter: `addEventListener` and the `on…` properties, with
// event objects as `ws` makes them.

import type { EventEmitter } from 'node:events'
import type { RawData } from './types.ts'
import type { WebSocket } from './web-socket.ts'

/** What listeners are given (WebSockets standard §6). */
export class Event {
  readonly #type: string
  readonly #target: WebSocket

  constructor(type: string, target: WebSocket) {
    this.#type = type
    this.#target = target
  }

  get target(): WebSocket {
    return this.#target
  }

  get type(): string {
    return this.#type
  }
}

export class MessageEvent extends Event {
  readonly #data: string | RawData | Blob

  constructor(target: WebSocket, data: string | RawData | Blob) {
    super('message', target)
    this.#data = data
  }

  /** Text as a string, binary as `binaryType` says. */
  get data(): string | RawData | Blob {
    return this.#data
  }
}

export class CloseEvent extends Event {
  readonly #code: number
  readonly #reason: string
  readonly #wasClean: boolean

  constructor(target: WebSocket, code: number, reason: string, wasClean: boolean) {
    super('close', target)
    this.#code = code
    this.#reason = reason
    this.#wasClean = wasClean
  }

  get code(): number {
    return this.#code
  }

  get reason(): string {
    return this.#reason
  }

  get wasClean(): boolean {
    return this.#wasClean
  }
}

export class ErrorEvent extends Event {
  readonly #error: Error

  constructor(target: WebSocket, error: Error) {
    super('error', target)
    this.#error = error
  }

  get error(): Error {
    return this.#error
  }

  get message(): string {
    return this.#error.message
  }
}

const PROPERTIES: ReadonlyArray<readonly [eventClass: typeof Event, names: readonly string[]]> = [
  [Event, ['type', 'target']],
  [MessageEvent as unknown as typeof Event, ['data']],
  [CloseEvent as unknown as typeof Event, ['code', 'reason', 'wasClean']],
  [ErrorEvent as unknown as typeof Event, ['error', 'message']],
]

for (const [{ prototype }, names] of PROPERTIES) {
  for (const name of names) Object.defineProperty(prototype, name, { enumerable: true })
}

/** Those whose closing handshake was completed (RFC 6455 §7.1.4). */
export const cleanlyClosed = new WeakSet<WebSocket>()

/** An event of the standard made of the parameters of the emitter's: two at most. */
type EventMaker = (target: WebSocket, first: never, second: never) => Event

const EVENTS: ReadonlyMap<string, EventMaker> = new Map<string, EventMaker>([
  ['open', (target) => new Event('open', target)],
  [
    'message',
    (target, data: RawData | Blob, isBinary: boolean) =>
      new MessageEvent(target, isBinary ? data : (data as Buffer).toString()),
  ],
  [
    'close',
    (target, code: number, reason: Buffer) =>
      new CloseEvent(target, code, reason.toString(), cleanlyClosed.has(target)),
  ],
  ['error', (target, error: Error) => new ErrorEvent(target, error)],
])

export type Handler = ((event: never) => void) | { handleEvent(event: never): void }

/** Where a listener of the emitter came from. */
interface Origin {
  readonly handler: Handler
  /** Whether it was set as an `on…` property. */
  readonly isAttribute: boolean
}

const origins = new WeakMap<object, Origin>()

/** Adds a handler, once; of events that the standard does not have it hears nothing. */
export function addHandler(target: WebSocket, type: string, handler: Handler, once: boolean): void {
  if (find(target, type, (origin) => origin.handler === handler && !origin.isAttribute) === undefined) {
    listen(target, type, { handler, isAttribute: false }, once)
  }
}

export function removeHandler(target: WebSocket, type: string, handler: Handler): void {
  remove(target, type, (origin) => origin.handler === handler && !origin.isAttribute)
}

/** The handler in an `on…` property. */
export function attributeOf(target: WebSocket, type: string): Handler | null {
  const listener = find(target, type, ({ isAttribute }) => isAttribute)
  return listener === undefined ? null : origins.get(listener)!.handler
}

export function setAttribute(target: WebSocket, type: string, handler: unknown): void {
  remove(target, type, ({ isAttribute }) => isAttribute)
  if (typeof handler === 'function') listen(target, type, { handler: handler as Handler, isAttribute: true }, false)
}

function listen(target: WebSocket, type: string, origin: Origin, once: boolean): void {
  const makeEvent = EVENTS.get(type)
  if (makeEvent === undefined) return
  const { handler } = origin
  const listener = (first: unknown, second: unknown): void => {
    const event = makeEvent(target, first as never, second as never) as never
    if (typeof handler === 'object' && 'handleEvent' in handler) handler.handleEvent(event)
    else (handler as (event: never) => void).call(target, event)
  }
  origins.set(listener, origin)
  const emitter: EventEmitter = target
  if (once) emitter.once(type, listener)
  else emitter.on(type, listener)
}

function remove(target: WebSocket, type: string, isIt: (origin: Origin) => boolean): void {
  const found = find(target, type, isIt)
  if (found !== undefined) (target as EventEmitter).removeListener(type, found)
}

function find(target: WebSocket, type: string, isIt: (origin: Origin) => boolean): (() => void) | undefined {
  const listeners = (target as EventEmitter).listeners(type) as (() => void)[]
  return listeners.find((listener) => {
    const origin = origins.get(listener)
    return origin !== undefined && isIt(origin)
  })
}
