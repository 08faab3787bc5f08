// Echo on loopback.
import { plainExchange } from '../load/exchange.js'
import { LOAD_COLUMNS, RATE, underLoad } from '../measure/under-load.js'
import { SERVERS } from '../servers/servers.js'
import { CASES } from './cases.js'

export const echo = {
  name: 'echo',
  title: 'Echo',
  about:
    'A server sends every message back; so many connections keep so many messages in flight. `raw net` is no WebSocket ' +
    'server: it writes back the bytes that come without a look at them, and is what the sockets of Node cost alone.',
  cases: CASES,
  contestants: SERVERS,
  usual: ['ws', 'wspc', 'wspc-iteration', 'wspc-ws', 'raw'],
  peers: ['websocket-driver', 'wspc-bun', 'bun', 'wspc-deno', 'deno', 'uws'],
  numbers: { rounds: 5, seconds: 2, warmup: 1 },
  ratio: RATE,
  columns: LOAD_COLUMNS,

  measure(name, load, options) {
    const { connections, inFlight } = load
    return underLoad(name, {}, { mode: 'echo', connections, inFlight }, plainExchange(load), options)
  },
}
