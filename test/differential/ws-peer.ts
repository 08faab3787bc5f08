// The package `ws` as a subject: its `Receiver`, which is all of it that reads frames. It is a writable stream; given to its
// `_write` one by one the chunks are parsed at once, without a turn of the event loop for each stream, unless a message is
// compressed: then other threads inflate it, and the next chunk waits.

import { PerMessageDeflate, Receiver, statusCode, type WsDeflate, type WsError } from '../support/ws.ts'
import { chunksOf, deflateParameters, type Outcome, type Subject, type Told } from './outcome.ts'
import type { Stream } from './streams.ts'

export const wsSubject: Subject = (stream) => {
  let outcome: Outcome | undefined
  let settle = (settled: Outcome): void => {
    outcome = settled
  }
  readStream(stream, (settled) => settle(settled))
  if (outcome !== undefined) return outcome
  return new Promise<Outcome>((resolve) => {
    settle = resolve
  })
}

function readStream(stream: Stream, settle: (outcome: Outcome) => void): void {
  const { role, maxMessageBytes, maxMessageFragments, bytes } = stream
  const told: Told[] = []
  const compression = stream.deflate === undefined ? undefined : openDeflate(stream)
  const receiver = new Receiver({
    isServer: role === 'server',
    maxPayload: maxMessageBytes,
    maxFragments: maxMessageFragments,
    extensions: compression === undefined ? {} : { [PerMessageDeflate.extensionName]: compression },
  })
  let close: Pick<Outcome, 'code' | 'reason'> | undefined
  receiver.on('message', (data, isBinary) => told.push({ kind: isBinary ? 'binary' : 'text', payload: data }))
  receiver.on('ping', (payload) => told.push({ kind: 'ping', payload }))
  receiver.on('pong', (payload) => told.push({ kind: 'pong', payload }))
  receiver.on('conclude', (code, reason) => {
    close = { code, reason: String(reason) }
  })

  const chunks = chunksOf(stream)
  let next = 0
  let fed = 0
  const finish = (error?: WsError): void => {
    compression?.cleanup()
    const common = { told, answers: undefined, reason: '', error: '' }
    if (error !== undefined) {
      const at = fed - receiver._bufferedBytes - 1 // the last byte that it has looked at
      settle({ ...common, verdict: 'failed', code: error[statusCode]!, at, error: error.code ?? error.message })
    } else if (close !== undefined) {
      settle({ ...common, ...close, verdict: 'closed', at: fed - 1 })
    } else {
      settle({ ...common, verdict: 'open', code: 0, at: bytes.length })
    }
  }
  const feed = (): void => {
    const chunk = chunks[next++]
    if (chunk === undefined || close !== undefined) {
      finish()
      return
    }
    fed += chunk.length
    receiver._write(chunk, 'buffer', (error) => (error ? finish(error) : feed()))
  }
  feed()
}

function openDeflate(stream: Stream): WsDeflate {
  const isServer = stream.role === 'server'
  const extension = new PerMessageDeflate({
    isServer,
    maxPayload: stream.maxMessageBytes,
    concurrencyLimit: Number.POSITIVE_INFINITY,
  })
  const parameters = deflateParameters(stream).map(([name, value]) => [name, [value ?? true]])
  extension.accept([Object.fromEntries(parameters)])
  return extension
}
