// A server on `ws`.
import { WebSocketServer } from 'ws'
import { serveByWs } from './by-ws.js'
import { ready } from './ready.js'

serveByWs(WebSocketServer, ready)
