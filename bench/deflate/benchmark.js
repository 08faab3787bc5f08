// Echo on loopback, compressed both ways, with the parameters that wspc has by default.
import { compressedExchange, OFFER } from '../load/exchange.js'
import { verifyCompressed } from '../load/verify.js'
import { LOAD_COLUMNS, RATE, underLoad } from '../measure/under-load.js'
import { SERVERS } from '../servers/servers.js'

const KIB = 1_024

export const deflate = {
  name: 'deflate',
  title: 'Compressed echo',
  about:
    'The same with permessage-deflate, of JSON: no context takeover, windows of 12 bits, `ws` with the same parameters. ' +
    'The server that Bun brings decides itself on what it agrees to.',
  cases: [
    { name: '1 KiB JSON, 10 connections, 32 in flight', connections: 10, inFlight: 32, bytes: KIB },
    { name: '1 KiB JSON, 100 connections, 1 in flight', connections: 100, inFlight: 1, bytes: KIB },
    { name: '16 KiB JSON, 10 connections, 8 in flight', connections: 10, inFlight: 8, bytes: 16 * KIB },
    { name: '16 KiB JSON, 100 connections, 1 in flight', connections: 100, inFlight: 1, bytes: 16 * KIB },
  ],
  contestants: SERVERS,
  usual: ['ws', 'wspc', 'wspc-ws', 'bun'],
  numbers: { rounds: 5, seconds: 2, warmup: 1 },
  ratio: RATE,
  columns: [...LOAD_COLUMNS, { of: ({ bytesPerMessage }) => bytesPerMessage, label: 'bytes/message' }],

  async measure(name, { connections, inFlight, bytes }, options) {
    const exchange = compressedExchange({ bytes })
    const load = { mode: 'echo', connections, inFlight, extensions: OFFER }
    const { firstAnswer, extensions, ...result } = await underLoad(name, { deflate: true }, load, exchange, options)
    verifyCompressed(Buffer.from(firstAnswer, 'hex'), exchange.payload)
    return result
  },
}
