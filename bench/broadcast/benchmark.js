// A message to everybody: one client sends it, the server broadcasts it, and as soon as all have it the next one follows.
import { compressedExchange, OFFER, plainExchange } from '../load/exchange.js'
import { LOAD_COLUMNS, RATE, underLoad } from '../measure/under-load.js'
import { SERVERS } from '../servers/servers.js'

const KIB = 1_024
const EVERYBODY = 1_000
const TO_ALL = 'to 1,000 connections'

export const broadcast = {
  name: 'broadcast',
  title: 'Broadcast',
  about:
    'One client sends a text, and the server broadcasts it, once or in a burst; when all connections have it, the next one ' +
    'follows. `ws` and `wspc/ws` do what the README of `ws` says, a loop over the clients. The latencies are those of a ' +
    'whole burst, to the last connection.',
  cases: [
    { name: `16 × 125 B ${TO_ALL}`, burst: 16, bytes: 125 },
    { name: `1 KiB ${TO_ALL}`, burst: 1, bytes: KIB },
    {
      name: `1 KiB JSON, compressed, ${TO_ALL}`,
      burst: 1,
      bytes: KIB,
      deflate: true,
    },
  ],
  contestants: SERVERS,
  usual: ['ws', 'wspc', 'wspc-prepared', 'wspc-ws', 'bun'],
  numbers: { rounds: 5, seconds: 2, warmup: 1, connections: EVERYBODY },
  ratio: RATE,
  columns: LOAD_COLUMNS,

  measure(name, { burst, bytes, deflate = false }, options) {
    const exchange = deflate ? compressedExchange({ bytes }) : plainExchange({ bytes, text: true })
    const load = {
      mode: 'broadcast',
      connections: options.connections,
      burst,
      extensions: deflate ? OFFER : undefined,
    }
    return underLoad(name, { deflate, burst }, load, exchange, options)
  },
}
