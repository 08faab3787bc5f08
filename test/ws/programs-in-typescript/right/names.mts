// Every name, imported in every way that an ES module has.

import type * as types from 'ws'
import type {
  AddressInfo,
  CertMeta,
  ClientOptions,
  CloseEvent,
  Data,
  ErrorEvent,
  Event,
  EventListenerOptions,
  FinishRequestCallback,
  MessageEvent,
  PerMessageDeflateOptions,
  RawData,
  Server,
  ServerOptions,
  VerifyClientCallbackAsync,
  VerifyClientCallbackSync,
} from 'ws'
import * as ws from 'ws'
import { createWebSocketStream, default as Default, WebSocket, WebSocketServer } from 'ws'
import { exactly } from './same.mjs'

declare const named: {
  address: AddressInfo
  cert: CertMeta
  client: ClientOptions
  close: CloseEvent
  data: Data
  error: ErrorEvent
  event: Event
  listener: EventListenerOptions
  finish: FinishRequestCallback
  message: MessageEvent
  deflate: PerMessageDeflateOptions
  raw: RawData
  server: ServerOptions
  later: VerifyClientCallbackAsync
  now: VerifyClientCallbackSync
}
exactly<WebSocket.AddressInfo>()(named.address)
exactly<{ address: string; family: string; port: number }>()({ ...named.address })
exactly<WebSocket.CertMeta>()(named.cert)
exactly<string | string[] | Buffer | Buffer[]>()(named.cert)
exactly<WebSocket.ClientOptions>()(named.client)
exactly<WebSocket.CloseEvent>()(named.close)
exactly<WebSocket.Data>()(named.data)
exactly<string | Buffer | ArrayBuffer | Buffer[]>()(named.data)
exactly<WebSocket.ErrorEvent>()(named.error)
exactly<WebSocket.Event>()(named.event)
exactly<WebSocket.EventListenerOptions>()(named.listener)
exactly<WebSocket.FinishRequestCallback>()(named.finish)
exactly<WebSocket.MessageEvent>()(named.message)
exactly<WebSocket.PerMessageDeflateOptions>()(named.deflate)
exactly<WebSocket.RawData>()(named.raw)
exactly<Buffer | ArrayBuffer | Buffer[]>()(named.raw)
exactly<WebSocket.ServerOptions>()(named.server)
exactly<WebSocket.ServerOptions<typeof WebSocket>>()(named.server)
exactly<WebSocket.VerifyClientCallbackAsync>()(named.later)
exactly<WebSocket.VerifyClientCallbackSync>()(named.now)
exactly<types.RawData>()(named.raw)
exactly<ws.ClientOptions>()(named.client)
exactly<Default.ServerOptions>()(named.server)

declare const byEvent: WebSocket.WebSocketEventMap
exactly<Event>()(byEvent.open)
exactly<ErrorEvent>()(byEvent.error)
exactly<CloseEvent>()(byEvent.close)
exactly<MessageEvent>()(byEvent.message)

const socket: WebSocket = new ws.WebSocket('ws://example.test')
const other: ws.WebSocket = new Default('ws://example.test')
const third: types.WebSocket = new ws.default('ws://example.test')
const server: Server = new WebSocketServer({ noServer: true })
const same: ws.WebSocketServer = server
ws.createWebSocketStream(socket).end()
createWebSocketStream(other, { readableObjectMode: true }).end()
third.close(ws.WebSocket.OPEN)
same.close()

// Events that a program makes itself.
const made: WebSocket.MessageEvent = { type: 'message', target: socket, data: 'text' }
const closed: CloseEvent = { type: 'close', target: socket, code: 1000, reason: '', wasClean: true }
socket.onmessage?.(made)
socket.onclose?.(closed)
made.data = [Buffer.alloc(0)]

// What is drawn from the classes.
type First = ConstructorParameters<typeof WebSocket>[0]
const first: First = new URL('ws://example.test')
const settings: NonNullable<ConstructorParameters<typeof WebSocketServer>[0]> = { port: 0 }
const [data, sending]: Parameters<WebSocket['send']> = ['text', { binary: false }]
const states: (typeof WebSocket)['OPEN' | 'CLOSED'][] = [1, 3]
const instance: InstanceType<typeof WebSocketServer> = server
type Listener = Parameters<WebSocket['on']>[1]
const listener: Listener = (...parameters: unknown[]) => void parameters
console.log(first, settings, data, sending, states, instance, listener)
