// The package `ws`, loaded from its file: what Bun gives to those who import it by its name is its own.

import { pathToFileURL } from 'node:url'
import type * as Ws from 'ws'
import { ROOT } from './programs.ts'

const ws = (await import(new URL('node_modules/ws/wrapper.mjs', pathToFileURL(`${ROOT}/`)).href)) as typeof Ws

export const WebSocket: typeof Ws.WebSocket = ws.WebSocket
export type WebSocket = Ws.WebSocket
export const WebSocketServer: typeof Ws.WebSocketServer = ws.WebSocketServer
export type WebSocketServer = Ws.WebSocketServer
