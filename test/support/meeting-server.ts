// A program: our server, on whatever runtime runs it, once plain and once behind TLS. Prints where it is to be found, and
// tells whoever asks on a path with one more `/` how the connections of a path have ended.

import { type CloseInfo, type Connection, serve } from '../../src/node.ts'
import { certificate, key } from './certificate.ts'
import { MIB } from './echo.ts'

const endings = new Map<string, CloseInfo[]>()

async function answer(connection: Connection): Promise<void> {
  const { pathname } = new URL(connection.url!)
  void connection.closed.then((info) => endings.set(pathname, [...(endings.get(pathname) ?? []), info]))
  for await (const message of connection) {
    if (message === 'close me') await connection.close(4001, 'as you wish')
    else if (message === 'abort me') connection.terminate()
    else if (message === 'endings') await connection.send(JSON.stringify(endings.get(pathname.slice(1)) ?? []))
    else await connection.send(message)
  }
}

const options = { deflate: true, limits: { maxMessageBytes: 2 * MIB } }
const plain = await serve(options, answer)
const secure = await serve({ ...options, tls: { key, cert: certificate } }, answer)
console.log(JSON.stringify([plain.url, secure.url]))
