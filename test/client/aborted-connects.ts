// A program: very many attempts to connect that come to nothing, given up at every stage or failing by themselves; then
// nothing of them may be left. Usage: node aborted-connects.js [attempts]

import assert from 'node:assert/strict'
import { getEventListeners, once, setMaxListeners } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type ConnectOptions, connect } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { watchAttempts } from '../support/leaks.ts'
import { ACCEPT } from '../support/upgrade.ts'

// --- servers ---------------------------------------------------------------------------------------------------------

/** Who waits to hear that a client has come so far, by the path that it asks for or, before that, by its port. */
const watched = new Map<string, () => void>()

function listening(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1')
  return once(server, 'listening').then(() => server)
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

const ANSWERS: Readonly<Record<string, string>> = {
  '/half-a-head': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs',
  '/half-a-body': 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nhalf',
  '/refused': 'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n',
  '/wrong-accept': `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
  '/garbage': 'SSH-2.0-something\r\n',
  '/too-long': `HTTP/1.1 101 Switching Protocols\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  '/interim': 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10),
}

/** Answers as the path says, and tells whoever waits for it. */
function meet(socket: Socket): void {
  let head = ''
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    head += bytes.toString('latin1')
    if (!head.includes('\r\n\r\n')) return
    const [, path = '', name = ''] = /^GET (\/[^ ?]*)\??(\S*)/.exec(head) ?? []
    head = ''
    if (path === '/reset') socket.resetAndDestroy()
    else if (path === '/gone') socket.destroy()
    else if (path !== '/silent') socket.write(ANSWERS[path]!)
    tell(name)
  })
  socket.on('end', () => socket.end())
}

function tell(name: string): void {
  watched.get(name)?.()
}

const plain = await listening(createServer({ allowHalfOpen: true }, meet))
const secure = await listening(createTlsServer({ key, cert: certificate }, meet))
secure.on('tlsClientError', () => {})
// Takes connections, and never says a word of TLS.
const dumb = await listening(
  createServer((socket) => {
    socket.on('error', () => {}).resume()
    tell(String(socket.remotePort))
    dumbest?.()
  }),
)
let dumbest: (() => void) | undefined

const closed = createServer()
await listening(closed)
const closedPort = portOf(closed)
closed.close()
await once(closed, 'close')

// --- attempts --------------------------------------------------------------------------------------------------------

const shared = new AbortController() // never aborts, and is given to all that fail by themselves
setMaxListeners(0, shared.signal)
const LONG_MS = 600_000 // a timer that is left behind is not to go away by itself
const REASON = new Error('given up')

type Stage = (abort: () => void, name: string) => void

async function abortedAt(url: string, stage: Stage, options: ConnectOptions = {}): Promise<void> {
  const controller = new AbortController()
  const name = String(names++)
  const attempt = connect(`${url}?${name}`, { handshakeTimeoutMs: LONG_MS, ...options, signal: controller.signal })
  stage(() => controller.abort(REASON), name)
  await attempt.then(
    () => assert.fail('it was not given up'),
    (error: unknown) => assert.equal(error, REASON),
  )
  watched.delete(name)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
}

async function failed(url: string, code: string, options: ConnectOptions = {}): Promise<void> {
  await connect(url, { handshakeTimeoutMs: LONG_MS, ...options, signal: shared.signal }).then(
    () => assert.fail('it did not fail'),
    (error: Error & { code?: string }) => assert.equal(error.code ?? error.name, code),
  )
}

let names = 0
const WS = `ws://127.0.0.1:${portOf(plain)}`
const WSS = `wss://127.0.0.1:${portOf(secure)}`
const TLS: ConnectOptions = { tls: { ca: certificate } }
const whenAsked: Stage = (abort, name) => watched.set(name, abort)
const soon: Stage = (abort, name) => watched.set(name, () => setTimeout(abort, 2))
let slow = 0

await watchAttempts(
  {
    'listeners of the shared signal': () => getEventListeners(shared.signal, 'abort').length,
    'those who wait': () => watched.size,
  },
  {
    'aborted before': () => {
      const signal = AbortSignal.abort(REASON)
      return connect(`${WS}/silent`, { signal }).then(
        () => assert.fail('it was not given up'),
        (error: unknown) => assert.equal(error, REASON),
      )
    },
    'aborted at once': () => abortedAt(`${WS}/silent`, (abort) => abort()),
    'aborted a tick later': () => abortedAt(`${WS}/silent`, (abort) => process.nextTick(abort)),
    'aborted while connecting': () => abortedAt(`${WS}/silent`, (abort) => setImmediate(abort)),
    'aborted at once, TLS': () => abortedAt(`${WSS}/silent`, (abort) => abort(), TLS),
    'aborted while connecting, TLS': () => abortedAt(`${WSS}/silent`, (abort) => setImmediate(abort), TLS),
    'aborted within the TLS handshake': () =>
      abortedAt(`wss://127.0.0.1:${portOf(dumb)}/`, (abort) => {
        dumbest = abort // of several that come at the same time any will do
        setTimeout(abort, 20)
      }),
    'aborted while the answer is waited for': () => abortedAt(`${WS}/silent`, whenAsked),
    'aborted while the answer is waited for, TLS': () => abortedAt(`${WSS}/silent`, whenAsked, TLS),
    'aborted within the head of the answer': () => abortedAt(`${WS}/half-a-head`, soon),
    'aborted within the body of a refusal': () => abortedAt(`${WS}/half-a-body`, soon),
    refused: () => failed(`${WS}/refused`, 'STATUS_NOT_101'),
    'refused, TLS': () => failed(`${WSS}/refused`, 'STATUS_NOT_101', TLS),
    'accepted wrongly': () => failed(`${WS}/wrong-accept`, 'ACCEPT_NOT_CONFIRMED'),
    'answered with garbage': () => failed(`${WS}/garbage`, 'HEAD_MALFORMED'),
    'answered with a head that is too long': () => failed(`${WS}/too-long`, 'HEAD_TOO_LONG'),
    'answered for the time being, on and on': () => failed(`${WS}/interim`, 'TOO_MANY_INTERIM_RESPONSES'),
    'cut off before the answer': () => failed(`${WS}/gone`, 'ENDED_IN_HANDSHAKE'),
    'reset before the answer': () => failed(`${WS}/reset`, 'ENDED_IN_HANDSHAKE'),
    'nobody there': () => failed(`ws://127.0.0.1:${closedPort}/`, 'CONNECT_FAILED'),
    'nobody there, TLS': () => failed(`wss://127.0.0.1:${closedPort}/`, 'CONNECT_FAILED'),
    'a certificate that nobody knows': () => failed(`${WSS}/silent`, 'CONNECT_FAILED'),
    'options that are wrong': () => failed(`${WS}/silent`, 'TypeError', { headers: { 'no name': '' } }),
    'options of TLS that are wrong': () =>
      failed(`${WSS}/silent`, 'ERR_OSSL_PEM_NO_START_LINE', { tls: { cert: 'x' } }),
    // A few only, since each takes its time.
    'time is up': () =>
      slow++ % 10 === 0
        ? failed(`${WS}/silent`, 'HANDSHAKE_TIMEOUT', { handshakeTimeoutMs: 50 })
        : failed(`${WS}/refused`, 'STATUS_NOT_101'),
  },
)
for (const server of [plain, secure, dumb]) server.close()
