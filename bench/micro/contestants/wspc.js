// The engine of wspc, without the network: bytes in, events out, as a connection on Node has it.
import { advanceUtf8, maskInto, UTF8_BOUNDARY } from '../../../dist/src/codec/index.js'
import { payloadPool } from '../../../dist/src/codec/pooled-copy.js'
import { decodeText } from '../../../dist/src/codec/text.js'
import { createRequest, decideUpgrade, permessageDeflate, readResponse, Session } from '../../../dist/src/index.js'
import { nodeDeflate } from '../../../dist/src/node.js'

export const deflates = true

function session(deflates) {
  if (!deflates) return new Session({ role: 'server' })
  const extensions = [permessageDeflate(nodeDeflate)]
  const request = createRequest({ host: 'localhost', extensions, randomUint32: () => 1 })
  const decision = decideUpgrade({ ...request, httpVersion: '1.1' }, { extensions })
  readResponse(request, decision)
  return new Session({ role: 'server', extensions: decision.extensions })
}

export function createParser(deflates, handle) {
  const engine = session(deflates)
  Session.deliverValues(engine, { textAsString: true, pool: payloadPool }) // as every connection has it
  return (chunk) => {
    engine.receive(chunk)
    for (let event = engine.next(); event !== undefined; event = engine.next()) {
      if (event.kind !== 'message') throw new Error(`A ${event.kind} in place of a message`)
      handle(event.text ?? (event.type === 'text' ? decodeText(event.payload) : event.payload))
    }
  }
}

export function createSender(deflates, handle, sent) {
  const engine = session(deflates)
  return (message) => {
    engine.send(typeof message === 'string' ? 'text' : 'binary', message)
    for (const vector of engine.takeOutput()) handle(vector)
    sent()
  }
}

export function mask(target, source, key) {
  maskInto(target, 0, source, 0, source.length, key.readUInt32BE(0), 0)
}

export function isUtf8(bytes) {
  return advanceUtf8(UTF8_BOUNDARY, bytes, 0, bytes.length) === UTF8_BOUNDARY
}
