// The server on `ws`, with its import changed.
import { WebSocketServer } from '../../dist/src/ws/index.js'
import { serveByWs } from './by-ws.js'
import { ready } from './ready.js'

serveByWs(WebSocketServer, ready)
