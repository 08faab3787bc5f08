// A handle that is driven one row of a transcript at a time. Every action is checked whole: result code, action, buffer
// type, buffers and both contexts; and that no buffer lies outside the memory of the handle unless it is the
// application's own.

import assert from 'node:assert/strict'
import {
  type GetActionResult,
  S_OK,
  WEB_SOCKET_ACTION,
  WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
  type WEB_SOCKET_BUFFER,
  WEB_SOCKET_BUFFER_TYPE,
  WEB_SOCKET_NO_ACTION,
  type WEB_SOCKET_PROPERTY,
  WEB_SOCKET_PROPERTY_TYPE,
  WebSocketAbortHandle,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCompleteAction,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketDeleteHandle,
  WebSocketEndClientHandshake,
  WebSocketEndServerHandshake,
  WebSocketGetAction,
  WebSocketReceive,
  WebSocketSend,
  WspcSetRandomSource,
} from '../../src/component/index.ts'
import { hex, toHex, utf8 } from './wire.ts'

type Context = GetActionResult['actionContext']
type Queue = 'S' | 'R' | 'ALL'

const QUEUES: Record<Queue, number> = { S: 1, R: 2, ALL: 3 }

// The names of actions and buffer types without what they all begin and end with.
type Short<Name, Suffix extends string> = Name extends `WEB_SOCKET_${infer Middle}_${Suffix}` ? Middle : never
export type ActionName = Short<keyof typeof WEB_SOCKET_ACTION, 'ACTION'>
export type TypeName = Short<keyof typeof WEB_SOCKET_BUFFER_TYPE, 'BUFFER_TYPE'>

/**
 * A buffer as a transcript has it: hexadecimal digits or a length for engine memory, bytes for those very bytes in the
 * application's memory, or a close status.
 */
export type ExpectedBuffer = string | number | Uint8Array | { reason: string | undefined; status: number }

/** What is sent: data, or a close status. */
type Payload = string | Uint8Array | { reason?: string | Uint8Array; status: number }

export const CANCELLED = 'cancelled'

/** Text as the hexadecimal digits of its UTF-8. */
export function text(content: string): string {
  return toHex(utf8(content))
}

export const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
/** The random number that makes the masking key of the RFC's examples. */
export const MASK = 0x37fa213d

export const REQUEST_HEADERS = headers({
  Host: 'server.example.com',
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': KEY,
  'Sec-WebSocket-Version': '13',
})

export function headers(fields: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(fields).map(([name, value]) => ({ name, value }))
}

type Properties = Partial<Record<Short<keyof typeof WEB_SOCKET_PROPERTY_TYPE, 'PROPERTY_TYPE'>, number | boolean>>

export function properties(values: Properties): WEB_SOCKET_PROPERTY[] {
  return Object.entries(values).map(([name, value]) => ({
    type: WEB_SOCKET_PROPERTY_TYPE[`WEB_SOCKET_${name as keyof Properties}_PROPERTY_TYPE`],
    value,
  }))
}

/** The number of a buffer type; a number stands for itself. */
export function bufferType(type: TypeName | number): number {
  return typeof type === 'number' ? type : WEB_SOCKET_BUFFER_TYPE[`WEB_SOCKET_${type}_BUFFER_TYPE`]
}

export class DrivenHandle {
  readonly handle: NonNullable<ReturnType<typeof WebSocketCreateServerHandle>['handle']>
  readonly memory: Uint8Array
  readonly #memoryStart = 64

  constructor(role: 'client' | 'server', values: Properties = {}, more: WEB_SOCKET_PROPERTY[] = []) {
    const { RECEIVE_BUFFER_SIZE = 4096, SEND_BUFFER_SIZE = role === 'client' ? 4096 : 16 } = values
    // The least memory that is accepted, inside a larger block.
    const size = Number(RECEIVE_BUFFER_SIZE) + Number(SEND_BUFFER_SIZE) + 144
    this.memory = new Uint8Array(new ArrayBuffer(size + 128), this.#memoryStart, size)
    const allocated = { type: WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE, value: this.memory }
    const create = role === 'client' ? WebSocketCreateClientHandle : WebSocketCreateServerHandle
    const { hr, handle } = create([...properties(values), allocated, ...more])
    assert.equal(hr, S_OK)
    this.handle = handle!
    WspcSetRandomSource(this.handle, () => MASK)
  }

  /** `Send`, which is accepted. */
  send(type: TypeName | number, payload?: Payload, context?: unknown) {
    const result = WebSocketSend(this.handle, bufferType(type), toBuffer(payload), context)
    assert.deepEqual(result, { hr: S_OK })
  }

  /** `Send`, which is refused with this code and a reason. */
  refusesSend(hr: number, type: TypeName | number, payload?: Payload) {
    const result = WebSocketSend(this.handle, bufferType(type), toBuffer(payload), 'refused')
    assert.equal(result.hr, hr)
    assert.match(result.detail ?? '', /^[A-Z]/)
  }

  /** `Receive`, which is accepted. */
  receive(target?: Uint8Array | undefined, context?: unknown) {
    const buffer = target === undefined ? undefined : { data: target }
    assert.deepEqual(WebSocketReceive(this.handle, buffer, context), { hr: S_OK })
  }

  refusesReceive(hr: number, target?: Uint8Array) {
    const result = WebSocketReceive(this.handle, target === undefined ? undefined : { data: target }, 'refused')
    assert.equal(result.hr, hr)
    assert.match(result.detail ?? '', /^[A-Z]/)
  }

  /** `GetAction`, with all that it is to return. @returns the action's context. */
  action(
    queue: Queue,
    slots: number,
    action: ActionName,
    type: TypeName | 0 | number = 0,
    buffers: readonly ExpectedBuffer[] = [],
    context?: unknown,
    cancelled?: typeof CANCELLED,
  ): Context {
    const result = this.getAction(queue, slots)
    const name = Object.entries(WEB_SOCKET_ACTION).find(([, value]) => value === result.action)?.[0]
    assert.equal(name, action === 'NO' ? 'WEB_SOCKET_NO_ACTION' : `WEB_SOCKET_${action}_ACTION`, result.detail)
    assert.equal(result.hr, S_OK)
    assert.equal(result.bufferType, bufferType(type))
    assert.equal(result.dataBuffers.length, buffers.length)
    buffers.forEach((expected, i) => {
      this.#checkBuffer(result.dataBuffers[i]!, expected, cancelled)
    })
    assert.equal(result.applicationContext, context)
    assert.equal(typeof result.actionContext, result.action === WEB_SOCKET_NO_ACTION ? 'undefined' : 'object')
    assert.equal(result.cancelled, cancelled === undefined ? undefined : true)
    assert.equal('detail' in result, false)
    return result.actionContext
  }

  /** `GetAction`, which fails with this code. @returns why. */
  fails(queue: Queue, slots: number, hr: number): string {
    const { detail = '', ...result } = this.getAction(queue, slots)
    assert.deepEqual(result, {
      hr,
      action: WEB_SOCKET_NO_ACTION,
      bufferType: 0,
      dataBuffers: [],
      applicationContext: undefined,
      actionContext: undefined,
    })
    assert.match(detail, /^[A-Z]/)
    return detail
  }

  getAction(queue: Queue, slots: number): GetActionResult {
    return WebSocketGetAction(this.handle, QUEUES[queue], slots)
  }

  complete(context: Context, bytes: number): void {
    assert.equal(WebSocketCompleteAction(this.handle, context, bytes), undefined)
  }

  /** `GetAction` says to read into `free` bytes; these are read, and the action is completed with their number. */
  read(queue: Queue, slots: number, free: number, bytes: string | Uint8Array, context?: unknown): void {
    const result = this.getAction(queue, slots)
    assert.equal(result.action, WEB_SOCKET_ACTION.WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION, result.detail)
    assert.equal(result.dataBuffers.length, 1)
    assert.equal(result.bufferType, 0)
    const { data } = result.dataBuffers[0]!
    this.#checkBuffer(result.dataBuffers[0]!, free)
    assert.equal(result.applicationContext, context)
    const read = typeof bytes === 'string' ? hex(bytes) : bytes
    data!.set(read)
    this.complete(result.actionContext, read.length)
  }

  /** One send from its network action to its indication. */
  writes(type: TypeName | number, buffers: readonly ExpectedBuffer[], context?: unknown): void {
    const a1 = this.action('S', 2, 'SEND_TO_NETWORK', type, buffers, context)
    this.complete(
      a1,
      buffers.reduce<number>((sum, buffer) => sum + sizeOf(buffer), 0),
    )
    this.complete(this.action('S', 2, 'INDICATE_SEND_COMPLETE', type, [], context), 0)
  }

  abort(): void {
    assert.equal(WebSocketAbortHandle(this.handle), undefined)
  }

  delete(): void {
    assert.equal(WebSocketDeleteHandle(this.handle), undefined)
  }

  #checkBuffer(buffer: WEB_SOCKET_BUFFER, expected: ExpectedBuffer, cancelled?: typeof CANCELLED): void {
    if (typeof expected === 'object' && 'status' in expected) {
      const { reason } = buffer
      assert.deepEqual(Object.keys(buffer).sort(), ['reason', 'status'])
      assert.equal(buffer.status, expected.status)
      assert.equal(reason && toHex(reason), expected.reason)
      if (reason !== undefined) this.#checkIsInside(reason)
      return
    }
    assert.deepEqual(Object.keys(buffer), ['data'])
    const data = buffer.data!
    if (typeof expected === 'object') {
      assert.equal(data.buffer, expected.buffer)
      assert.equal(data.byteOffset, expected.byteOffset)
      assert.equal(data.length, expected.length)
      return
    }
    if (typeof expected === 'number') assert.equal(data.length, expected)
    else assert.equal(toHex(data), expected)
    if (cancelled === undefined) this.#checkIsInside(data)
  }

  #checkIsInside(view: Uint8Array): void {
    assert.equal(view.buffer, this.memory.buffer)
    assert.ok(view.byteOffset >= this.#memoryStart)
    assert.ok(view.byteOffset + view.length <= this.#memoryStart + this.memory.length)
  }
}

function sizeOf(buffer: ExpectedBuffer): number {
  if (typeof buffer === 'number') return buffer
  if (typeof buffer === 'string') return hex(buffer).length
  return 'status' in buffer ? 0 : buffer.length
}

function toBuffer(payload: Payload | undefined): WEB_SOCKET_BUFFER | undefined {
  if (payload === undefined) return undefined
  if (typeof payload === 'string') return { data: utf8(payload) }
  if (payload instanceof Uint8Array) return { data: payload }
  const { reason, status } = payload
  return { reason: typeof reason === 'string' ? utf8(reason) : reason, status }
}

/** A server's handle whose handshake is over. */
export function openServer(values: Properties = {}, more: WEB_SOCKET_PROPERTY[] = []): DrivenHandle {
  const driven = new DrivenHandle('server', values, more)
  assert.equal(WebSocketBeginServerHandshake(driven.handle, undefined, undefined, REQUEST_HEADERS).hr, S_OK)
  assert.equal(WebSocketEndServerHandshake(driven.handle).hr, S_OK)
  return driven
}

/** A client's handle whose handshake is over; it masks with the key of the RFC's examples. */
export function openClient(values: Properties = {}, more: WEB_SOCKET_PROPERTY[] = []): DrivenHandle {
  const driven = new DrivenHandle('client', values, more)
  const nonce = [0x74686520, 0x73616d70, 0x6c65206e, 0x6f6e6365] // "the sample nonce" (RFC 6455 §1.3)
  WspcSetRandomSource(driven.handle, () => nonce.shift() ?? MASK)
  const { hr, additionalHeaders } = WebSocketBeginClientHandshake(driven.handle)
  assert.equal(hr, S_OK)
  assert.equal(additionalHeaders.find(({ name }) => name === 'Sec-WebSocket-Key')?.value, KEY)
  assert.equal(WebSocketEndClientHandshake(driven.handle, RESPONSE_HEADERS).hr, S_OK)
  return driven
}

export const RESPONSE_HEADERS = headers({ Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': ACCEPT })
