// A program: very many handshakes that fail, in every way there is, against one server and a few beside it; then nothing
// of them may be left. Usage: node failing-handshakes.js [attempts]

import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer } from 'node:http'
import { connect as dial, type Socket } from 'node:net'
import { connect as dialTls } from 'node:tls'
import { type Refusal, type ServeOptions, type Server, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { watchAttempts } from '../support/leaks.ts'
import { upgradeRequest } from '../support/upgrade.ts'

// --- servers ---------------------------------------------------------------------------------------------------------

let waiting = 0 // requests that `authorize` never decides

const shared = new AbortController()
const OPTIONS: ServeOptions = {
  path: '/socket',
  handshakeTimeoutMs: 600_000, // a timer that is left behind is not to go away by itself
  origin: ['https://example.org'],
  signal: shared.signal,
  onError: () => {},
  subprotocols: (offered) => {
    if (offered.includes('broken')) throw new Error('a policy that fails')
    return undefined
  },
  authorize({ target, incoming }) {
    if (target === '/socket?no') return { status: 401, body: 'No\n' }
    if (target === '/socket?later') return new Promise<Refusal>((resolve) => setImmediate(resolve, { status: 403 }))
    if (target === '/socket?error') throw new Error('a hook that fails')
    waiting++
    // As long as the client is there: somebody who asks a database gets an answer some day.
    return new Promise((resolve) => {
      incoming.socket.once('close', () => {
        waiting--
        resolve(undefined)
      })
    })
  },
}

const http = createServer((_request, response) => response.end())
http.listen(0, '127.0.0.1')
await once(http, 'listening')
const main = await serve(OPTIONS, () => {})
const onOurs = await serve({ ...OPTIONS, server: http }, () => {})
const secure = await serve({ ...OPTIONS, tls: { key, cert: certificate } }, () => {})
const impatient = await serve({ ...OPTIONS, handshakeTimeoutMs: 100 }, () => {})
const full = await serve({ maxConnections: 0, signal: shared.signal }, () => {})
const SERVERS = { main, onOurs, secure, impatient, full }

// --- clients ---------------------------------------------------------------------------------------------------------

function dialed({ port }: Server): Socket {
  return dial({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

/** Says something and expects an answer with this status, and the end behind it. */
async function refused(server: Server, status: number, what: string): Promise<void> {
  const socket =
    server === secure
      ? dialTls({ port: server.port, host: '127.0.0.1', ca: certificate }).on('error', () => {})
      : dialed(server)
  let answer = ''
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1')
  })
  socket.write(what, 'latin1')
  await once(socket, server === secure ? 'close' : 'end')
  assert.equal(answer.slice('HTTP/1.1 '.length).slice(0, 3), String(status), answer)
  socket.destroy()
  if (!socket.closed) await once(socket, 'close')
}

/** Says something and goes away, without an answer. */
async function left(server: Server, what: string, how: 'end' | 'destroy' | 'reset'): Promise<void> {
  const socket = dialed(server)
  await once(socket, 'connect')
  if (what !== '') await new Promise<void>((resolve) => socket.write(what, 'latin1', () => resolve()))
  if (how === 'end') socket.end().resume()
  else if (how === 'reset') socket.resetAndDestroy()
  else socket.destroy()
  if (!socket.closed) await once(socket, 'close')
}

/** Leaves while `authorize` waits. */
async function leftWaiting(server: Server, how: 'end' | 'destroy' | 'reset'): Promise<void> {
  const socket = dialed(server)
  const before = waiting
  socket.write(request('wait'))
  while (waiting === before && !socket.destroyed) await new Promise((resolve) => setTimeout(resolve, 1))
  if (how === 'end') socket.end().resume()
  else if (how === 'reset') socket.resetAndDestroy()
  else socket.destroy()
  if (!socket.closed) await once(socket, 'close')
}

function request(query: string, changes: Readonly<Record<string, string>> = {}, ...more: string[]): string {
  return upgradeRequest({ line: `GET /socket?${query} HTTP/1.1`, ...changes }, ...more)
}

const ATTEMPTS: Record<string, () => Promise<void>> = {}
for (const [where, server] of Object.entries({ main, onOurs })) {
  Object.assign(ATTEMPTS, {
    [`bad key, ${where}`]: () => refused(server, 400, request('', { Key: 'Sec-WebSocket-Key: short' })),
    [`wrong version, ${where}`]: () => refused(server, 426, request('', { Version: 'Sec-WebSocket-Version: 12' })),
    [`another path, ${where}`]: () => refused(server, 404, upgradeRequest({ line: 'GET /other HTTP/1.1' })),
    [`another origin, ${where}`]: () => refused(server, 403, request('', {}, 'Origin: https://example.com')),
    [`a policy that fails, ${where}`]: () => refused(server, 500, request('', {}, 'Sec-WebSocket-Protocol: broken')),
    [`not authorized, ${where}`]: () => refused(server, 401, request('no')),
    [`not authorized a little later, ${where}`]: () => refused(server, 403, request('later')),
    [`a hook that fails, ${where}`]: () => refused(server, 500, request('error')),
    [`ended while authorize waits, ${where}`]: () => leftWaiting(server, 'end'),
    [`gone while authorize waits, ${where}`]: () => leftWaiting(server, 'destroy'),
    [`reset while authorize waits, ${where}`]: () => leftWaiting(server, 'reset'),
  })
}
let silent = 0
Object.assign(ATTEMPTS, {
  'no upgrade': () => refused(main, 426, 'GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
  'another method': () => refused(main, 405, request('', { line: 'POST /socket HTTP/1.1' })),
  garbage: () => refused(main, 400, '\x16\x03\x01\x02\x00\x01'),
  'a head that is too long': () => refused(main, 431, request('', {}, `Cookie: ${'x'.repeat(20_000)}`)),
  'a body': () => refused(main, 400, request('', {}, 'Content-Length: 3')),
  'gone at once': () => left(main, '', 'destroy'),
  'reset at once': () => left(main, '', 'reset'),
  'gone within the head': () => left(main, request('').slice(0, 60), 'destroy'),
  'reset within the head': () => left(main, request('').slice(0, 60), 'reset'),
  'ended within the head': () => left(main, request('').slice(0, 60), 'end'),
  'gone before the answer': () => left(main, request('no'), 'destroy'),
  'reset before the answer': () => left(main, request('no'), 'reset'),
  'no room': () => refused(full, 503, upgradeRequest()),
  'gone within the TLS handshake': () => left(secure, '\x16\x03\x01\x02\x00\x01', 'destroy'),
  'reset within the TLS handshake': () => left(secure, '\x16\x03\x01\x02\x00\x01', 'reset'),
  'no TLS': () => left(secure, request(''), 'end'),
  'not authorized, TLS': () => refused(secure, 401, request('no')),
  'gone before the TLS handshake': () => left(secure, '', 'end'),
  // A few only, since each takes its time.
  'silent until the time is up': async () => {
    if (silent++ % 10 !== 0) return left(impatient, '', 'end')
    const said = ['', request('').slice(0, 60), request('wait')]
    await refused(impatient, 408, said[((silent / 10) % said.length) | 0]!)
  },
})

// --- what may be left ------------------------------------------------------------------------------------------------

const listeners = Object.fromEntries(
  http.eventNames().map((event) => [`http listeners for ${String(event)}`, () => http.listenerCount(event)]),
)
await watchAttempts(
  {
    ...listeners,
    'connections of servers': () => Object.values(SERVERS).reduce((sum, server) => sum + server.connections.size, 0),
    'requests that wait': () => waiting,
    'signal listeners': () => getEventListeners(shared.signal, 'abort').length,
  },
  ATTEMPTS,
)
await Promise.all(Object.values(SERVERS).map((server) => server.close()))
http.close()
