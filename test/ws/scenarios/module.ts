// The shape of the `ws` module as programs meet it: what `@types/ws` declares, and what it leaves out although programs use
// it (engine.io sends through `_sender`, socket.io-adapter makes frames with `Sender.frame`).

import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'

export interface FrameOptions {
  fin?: boolean
  mask?: boolean
  opcode?: number
  readOnly?: boolean
  rsv1?: boolean
  generateMask?: (key: Buffer) => void
  maskBuffer?: Buffer
}

export interface SenderInstance {
  sendFrame(list: Buffer[], callback?: (error?: Error) => void): void
  _bufferedBytes: number
}

export interface SenderClass {
  new (socket: unknown, extensions?: object, generateMask?: (key: Buffer) => void): SenderInstance
  frame(data: Buffer | string, options: FrameOptions): Buffer[]
}

export type ReceiverInstance = Writable

export type ReceiverClass = new (options?: object) => ReceiverInstance

export interface DeflateClass {
  new (options?: object, maxPayload?: number): DeflateInstance
  readonly extensionName: string
}

export interface DeflateInstance {
  offer(): object
  accept(configurations: object[]): object
  cleanup(): void
  compress(data: Buffer | string, fin: boolean, callback: (error: Error | null, result: Buffer) => void): void
  decompress(data: Buffer, fin: boolean, callback: (error: Error | null, result: Buffer) => void): void
  params: object | null
}

export type WsModule = typeof import('ws') & {
  readonly Receiver: ReceiverClass
  readonly Sender: SenderClass
  readonly PerMessageDeflate: DeflateClass
  readonly extension: { parse(header: string): object; format(extensions: object): string }
  readonly subprotocol: { parse(header: string): Set<string> }
}

export type Client = InstanceType<WsModule['WebSocket']>
export type WebSocketServer = InstanceType<WsModule['WebSocketServer']>

/** What is reached through underscores by programs in the wild. */
export interface Internals {
  readonly _socket: Socket | null
  readonly _sender: SenderInstance | null
  readonly _receiver: ReceiverInstance | null
}

export function internals(socket: Client): Internals {
  return socket as unknown as Internals
}
