// The package `ws`, loaded from its file: what Bun gives to those who import it by its name is its own.

import { pathToFileURL } from 'node:url'
import type * as Ws from 'ws'
import { ROOT } from './programs.ts'

/** What reads frames, and is not in the types of the package. */
interface WsInside {
  readonly Receiver: new (options: object) => WsReceiver
  readonly PerMessageDeflate: (new (
    options: object,
  ) => WsDeflate) & {
    readonly extensionName: string
  }
}

export interface WsError extends Error {
  readonly code?: string
  readonly [statusCode: symbol]: number
}

export interface WsReceiver {
  /** Bytes that wait to be read. */
  readonly _bufferedBytes: number
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this
  on(event: 'ping' | 'pong', listener: (payload: Buffer) => void): this
  on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this
  _write(chunk: Buffer, encoding: string, done: (error?: WsError | null) => void): void
}

export interface WsDeflate {
  accept(configurations: object[]): object
  cleanup(): void
}

const load = (file: string): Promise<unknown> =>
  import(new URL(`node_modules/ws/${file}`, pathToFileURL(`${ROOT}/`)).href)
const ws = (await load('wrapper.mjs')) as typeof Ws & WsInside
const constants = (await load('lib/constants.js')) as { readonly default: { readonly kStatusCode: symbol } }

export const WebSocket: typeof Ws.WebSocket = ws.WebSocket
export type WebSocket = Ws.WebSocket
export const WebSocketServer: typeof Ws.WebSocketServer = ws.WebSocketServer
export type WebSocketServer = Ws.WebSocketServer
export const Receiver: WsInside['Receiver'] = ws.Receiver
export const PerMessageDeflate: WsInside['PerMessageDeflate'] = ws.PerMessageDeflate
/** Under which errors of a receiver have the close code that answers them. */
export const statusCode: symbol = constants.default.kStatusCode
