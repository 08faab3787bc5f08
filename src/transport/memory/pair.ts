// Two ends of a WebSocket connection joined in memory: for tests, and for talking within a process as if across one.

import { type Connection, type ConnectionOptions, openConnection } from '../../connection/index.ts'
import { type DeflateOption, deflateReader } from '../../extension/index.ts'
import { portableDeflate, webHost } from '../web/index.ts'
import { MemoryStream } from './memory-stream.ts'

const readDeflate = deflateReader(portableDeflate)

/** How the two ends are opened. */
export interface PairOptions {
  readonly client?: ConnectionOptions | undefined
  readonly server?: ConnectionOptions | undefined
  /** The subprotocol that both ends agreed on. */
  readonly subprotocol?: string | undefined
  /** Whether messages are compressed, and how (RFC 7692). Default `false`. */
  readonly deflate?: DeflateOption | undefined
}

/** A client and a server, connected. */
export function pair(options: PairOptions = {}): [client: Connection, server: Connection] {
  const [deflate] = readDeflate(options.deflate)
  const agreed = deflate?.answerOffer(deflate.offers()[0]!)
  const extensions = agreed === undefined ? [] : [agreed]
  const [clientStream, serverStream] = MemoryStream.pair()
  const open = (role: 'client' | 'server', stream: MemoryStream): Connection =>
    openConnection(
      { role, subprotocol: options.subprotocol, extensions },
      stream,
      webHost,
      { url: 'memory:', remoteAddress: undefined },
      options[role] ?? {},
      (listener) => stream.attach(listener),
    )
  return [open('client', clientStream), open('server', serverStream)]
}
