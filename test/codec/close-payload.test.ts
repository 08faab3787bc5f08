import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayTravel } from '../../src/codec/close-code.ts'
import {
  closePayloadBytes,
  closePayloadViolation,
  MAX_CLOSE_REASON_BYTES,
  parseClosePayload,
} from '../../src/codec/close-payload.ts'
import { concat, hex, toHex, utf8 } from '../support/wire.ts'

const STATUSES: ReadonlyArray<readonly [wire: string, code: number, reason: string]> = [
  ['03e8', 1000, ''],
  ['03e9 4c61746572', 1001, 'Later'],
  ['0bb8', 3000, ''],
  ['1387 e282ac', 4999, '€'],
  ['03e8 efbbbf61', 1000, '\ufeffa'],
]

for (const [wire, code, reason] of STATUSES) {
  test(`${code} "${reason}": close status to bytes`, () => {
    assert.equal(toHex(closePayloadBytes(code, utf8(reason))), toHex(hex(wire)))
  })
  test(`${code} "${reason}": bytes to close status`, () => {
    assert.deepEqual(parseClosePayload(hex(wire)), { code, reason })
  })
}

test('an empty payload is 1005', () => {
  assert.deepEqual(parseClosePayload(new Uint8Array(0)), { code: 1005, reason: '' })
})

test('all 65,536 codes, as two bytes', () => {
  for (let code = 0; code <= 65_535; code++) {
    const status = parseClosePayload(Uint8Array.of(code >> 8, code & 255))
    const wanted = mayTravel(code) ? 'code' in status && status.code === code : 'at' in status && status.at === 1
    if (!wanted) assert.fail(`${code}: ${JSON.stringify(status)}`)
  }
})

const BROKEN: ReadonlyArray<readonly [name: string, wire: string, violation: string, at: number, found?: number]> = [
  ['one byte', '03', 'CLOSE_PAYLOAD_TOO_SHORT', 0, 1],
  ['1005 on the wire', '03ed', 'CLOSE_CODE_NOT_ALLOWED', 1, 1005],
  ['0 and a reason', '0000 61', 'CLOSE_CODE_NOT_ALLOWED', 1, 0],
  ['a reason with an impossible byte', '03e8 61 ff 62', 'CLOSE_REASON_NOT_UTF8', 3],
  ['a reason that ends inside a code point', '03e8 61 e282', 'CLOSE_REASON_NOT_UTF8', 4],
]

for (const [name, wire, violation, at, found] of BROKEN) {
  test(`T-56: ${name} is refused at byte ${at}`, () => {
    assert.deepEqual(parseClosePayload(hex(wire)), { violation, at, ...(found === undefined ? {} : { found }) })
  })
}

test('T-56: each rule is decided by the byte that breaks it, before the rest is there', () => {
  const rows: ReadonlyArray<readonly [wire: string, decidedAfter: number | undefined]> = [
    ['03ed 616263', 2],
    ['03e8 61ff62', 4],
    ['03e8 61e282', 5],
    ['03e8 616263', undefined],
  ]
  for (const [wire, decidedAfter] of rows) {
    const payload = hex(wire)
    for (let received = 0; received <= payload.length; received++) {
      const partial = concat(payload.subarray(0, received), new Uint8Array(payload.length - received).fill(0xff))
      const decided = closePayloadViolation(partial, received) !== undefined
      assert.equal(decided, decidedAfter !== undefined && received >= decidedAfter, `${wire} after ${received}`)
    }
  }
})

test('a reason takes at most 123 bytes (RFC 6455 §5.5)', () => assert.equal(MAX_CLOSE_REASON_BYTES, 123))
