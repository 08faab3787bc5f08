// The package `websocket-driver`, the parser of faye, as a subject: its client, or its server over a request, each after the
// opening handshake. It answers pings itself. What it inflates it inflates on other threads while it reads on, so that
// control frames overtake messages that are compressed.

import permessageDeflate, { type DeflateExtension } from 'permessage-deflate'
import websocketDriver, { type Driver } from 'websocket-driver'
import { concat, utf8 } from '../support/wire.ts'
import {
  answersIn,
  chunksOf,
  deflateParameters,
  type Ending,
  type Outcome,
  type Subject,
  type Told,
} from './outcome.ts'
import type { Stream } from './streams.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

export const driverSubject: Subject = (stream) => {
  const pending = new Pending()
  const driver = openDriver(stream, pending)
  const told: Told[] = []
  const written: Buffer[] = []
  const chunks = chunksOf(stream)
  let fed = 0
  let error: Error | undefined
  let end: Ending | undefined
  driver.on('message', ({ data }) => {
    told.push(typeof data === 'string' ? { kind: 'text', payload: utf8(data) } : { kind: 'binary', payload: data })
  })
  driver.on('ping', ({ data }) => told.push({ kind: 'ping', payload: utf8(data) }))
  driver.on('pong', ({ data }) => told.push({ kind: 'pong', payload: utf8(data) }))
  driver.on('error', (reported) => {
    error = reported
  })
  driver.on('close', ({ code, reason }) => {
    const at = fed - driver._reader._queueSize - 1 // the last byte that it has looked at
    end = { verdict: error === undefined ? 'closed' : 'failed', code, reason, at, error: error?.message ?? '' }
  })
  driver.io.on('data', (bytes) => written.push(bytes))

  for (const chunk of chunks) {
    fed += chunk.length
    driver.parse(chunk)
  }
  const outcome = (): Outcome => ({
    ...(end ?? { verdict: 'open', code: 0, reason: '', at: stream.bytes.length, error: '' }),
    told,
    answers: answersIn(concat(...written)),
  })
  if (pending.count === 0) return outcome()
  return new Promise((resolve) => pending.whenNone(() => resolve(outcome())))
}

/** How many messages are being inflated. */
class Pending {
  count = 0
  #whenNone: (() => void) | undefined

  whenNone(listener: () => void): void {
    this.#whenNone = listener
  }

  left(): void {
    this.count--
    if (this.count === 0) this.#whenNone?.()
  }
}

function openDriver(stream: Stream, pending: Pending): Driver {
  const { role, maxMessageBytes, deflate } = stream
  const extensions = [
    'permessage-deflate',
    ...deflateParameters(stream).map(([name, value]) => (value === undefined ? name : `${name}=${value}`)),
  ].join('; ')
  const options = { maxLength: maxMessageBytes }
  if (role === 'server') {
    const headers = {
      host: 'example.com',
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-key': KEY,
      'sec-websocket-version': '13',
      ...(deflate !== undefined && { 'sec-websocket-extensions': extensions }),
    }
    const driver = websocketDriver.http({ method: 'GET', url: '/', headers }, options)
    if (deflate !== undefined) driver.addExtension(counted(pending))
    driver.start()
    return driver
  }
  const driver = websocketDriver.client('ws://example.com/', options)
  if (deflate !== undefined) driver.addExtension(counted(pending))
  driver.start()
  const answer = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${driver._accept}`,
    ...(deflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${extensions}`]),
    '',
    '',
  ]
  driver.parse(Buffer.from(answer.join('\r\n')))
  return driver
}

/** Its extension, which tells how many messages are being inflated. */
function counted(pending: Pending): DeflateExtension {
  const extension = permessageDeflate.configure({})
  const watch = <Session extends ReturnType<DeflateExtension['createClientSession']>>(session: Session): Session => {
    const inflate = session.processIncomingMessage
    session.processIncomingMessage = (message, done) => {
      pending.count++
      inflate.call(session, message, (error, result) => {
        done(error, result)
        pending.left()
      })
    }
    return session
  }
  return Object.create(extension, {
    createClientSession: { value: () => watch(extension.createClientSession()) },
    createServerSession: { value: (offers: object[]) => watch(extension.createServerSession(offers)) },
  }) as DeflateExtension
}
