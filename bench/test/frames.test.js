import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compressedExchange, plainExchange } from '../load/exchange.js'
import { BINARY, clientFrame, maskingKeys, serverFrame, TEXT } from '../load/frames.js'
import { binary, json, multiByteText, text } from '../load/payloads.js'
import { verifyCompressed } from '../load/verify.js'

test('frames are those of RFC 6455 §5.7', () => {
  assert.equal(serverFrame(TEXT, Buffer.from('Hello')).toString('hex'), '810548656c6c6f')
  const masked = clientFrame(TEXT, Buffer.from('Hello'), Buffer.from('37fa213d', 'hex'))
  assert.equal(masked.toString('hex'), '818537fa213d7f9f4d5158')
  assert.equal(serverFrame(BINARY, Buffer.alloc(125)).toString('hex', 0, 2), '827d')
  assert.equal(serverFrame(BINARY, Buffer.alloc(126)).toString('hex', 0, 4), '827e007e')
  assert.equal(serverFrame(BINARY, Buffer.alloc(65_535)).toString('hex', 0, 4), '827effff')
  assert.equal(serverFrame(BINARY, Buffer.alloc(65_536)).toString('hex', 0, 10), '827f0000000000010000')
})

test('masking keys differ', () => {
  const keys = maskingKeys(16).map((key) => key.toString('hex'))
  assert.equal(new Set(keys).size, 16)
})

test('payloads have the length that was asked for, and are what they say', () => {
  for (const bytes of [16, 125, 1_024, 16_384]) {
    for (const make of [text, multiByteText, binary])
      assert.equal(make(bytes).length, bytes, `${make.name} of ${bytes}`)
  }
  for (const bytes of [1_024, 16_384]) {
    assert.equal(json(bytes).length, bytes)
    assert.ok(JSON.parse(json(bytes)).length > 5)
  }
  assert.doesNotThrow(() => new TextDecoder('utf-8', { fatal: true }).decode(multiByteText(1_024)))
})

test('all frames of a load have one length', () => {
  for (const { frames } of [plainExchange({ bytes: 125, text: true }), compressedExchange({ bytes: 1_024 })]) {
    assert.equal(frames.length, 16)
    assert.equal(new Set(frames.map(({ length }) => length)).size, 1)
  }
})

test('a compressed answer is taken for what it is', () => {
  const { frames, payload } = compressedExchange({ bytes: 1_024 })
  const [frame] = frames
  const key = frame.subarray(4, 8)
  const unmasked = Buffer.concat([frame.subarray(0, 4), frame.subarray(8).map((byte, i) => byte ^ key[i & 3])])
  unmasked[1] &= 0x7f
  verifyCompressed(unmasked, payload)
  assert.throws(() => verifyCompressed(unmasked, Buffer.from('something else')), /not what was sent/)
  assert.throws(() => verifyCompressed(serverFrame(TEXT, payload), payload), /not compressed/)
})
