import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeflateOption, deflateReader } from '../../src/extension/deflate-option.ts'
import type { DeflateOptions } from '../../src/extension/deflate-options.ts'
import type { DeflatePort, DeflaterOptions } from '../../src/extension/deflate-port.ts'
import { nodeDeflate } from '../../src/transport/node/deflate.ts'
import { output, server } from '../support/engine.ts'
import { negotiate } from '../support/toy-extension.ts'
import { utf8 } from '../support/wire.ts'

test('without the option, and with false, there is no extension', () => {
  const read = deflateReader(nodeDeflate)
  assert.deepEqual(read(undefined), [])
  assert.deepEqual(read(false), [])
})

test('true is permessage-deflate with its defaults', () => {
  const extensions = deflateReader(nodeDeflate)(true)
  assert.deepEqual(
    extensions.map(({ name }) => name),
    ['permessage-deflate'],
  )
  assert.equal(
    negotiate(extensions).answer,
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; ' +
      'client_max_window_bits=12',
  )
})

test('options say how, and the port of the reader does it', () => {
  const asked: DeflaterOptions[] = []
  const port: DeflatePort = {
    createDeflater: (options) => {
      asked.push(options)
      return nodeDeflate.createDeflater(options)
    },
    createInflater: nodeDeflate.createInflater,
  }
  const extensions = deflateReader(port)({
    thresholdBytes: 3,
    memoryLevel: 2,
    compressionLevel: 0,
    serverMaxWindowBits: 10,
    serverNoContextTakeover: false,
    clientMaxWindowBits: 15,
    clientNoContextTakeover: false,
  })
  const { answer, server: agreed } = negotiate(extensions)
  assert.equal(answer, 'permessage-deflate; server_max_window_bits=10')
  const session = server({ extensions: agreed })
  session.send('binary', utf8('ab'))
  session.send('binary', utf8('abc'))
  assert.equal(output(session), '82 02 61 62 c2 09 00 03 00 fc ff 61 62 63 00')
  assert.deepEqual(asked, [{ windowBits: 10, memoryLevel: 2, compressionLevel: 0 }])
})

test('endpoints that compress alike share an extension, and with it their streams', () => {
  const read = deflateReader(nodeDeflate)
  const [byDefault] = read(true)
  const alike: DeflateOption[] = [
    true,
    {},
    { thresholdBytes: 1_024 },
    { thresholdBytes: undefined },
    { clientMaxWindowBits: 12, serverMaxWindowBits: 12 },
    { serverNoContextTakeover: true, compressionLevel: 6, memoryLevel: 5, clientNoContextTakeover: true },
  ]
  for (const option of alike) assert.equal(read(option)[0], byDefault, JSON.stringify(option))

  const different: DeflateOptions[] = [
    { thresholdBytes: 0 },
    { thresholdBytes: Number.POSITIVE_INFINITY },
    { memoryLevel: 6 },
    { compressionLevel: 5 },
    { serverMaxWindowBits: 13 },
    { clientMaxWindowBits: 13 },
    { serverNoContextTakeover: false },
    { clientNoContextTakeover: false },
  ]
  const extensions = different.map((option) => read(option)[0])
  assert.equal(new Set([byDefault, ...extensions]).size, different.length + 1)
  assert.deepEqual(
    different.map((option) => read({ ...option })[0]),
    extensions,
  )
})

test('readers share nothing: each has a port of its own', () => {
  assert.notEqual(deflateReader(nodeDeflate)(true)[0], deflateReader(nodeDeflate)(true)[0])
})

test('an option that is neither a boolean nor options is a TypeError, again and again', () => {
  const read = deflateReader(nodeDeflate)
  const wrong: unknown[] = [null, 0, 1, 'yes', '', [], { level: 6 }, { serverNoContextTakeover: 'no' }]
  for (const option of [...wrong, ...wrong]) assert.throws(() => read(option as DeflateOption), TypeError)
  for (const compressionLevel of [-1, 10]) assert.throws(() => read({ compressionLevel }), RangeError)
})
