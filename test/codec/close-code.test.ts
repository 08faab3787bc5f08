import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CloseCode, mayTravel } from '../../src/codec/close-code.ts'

// RFC 6455 §7.4 and the IANA registry: 1004 to 1006 and 1015 are never on the wire.
const ALLOWED = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]

test('T-56: of all 65,536 close codes, exactly the registered and the private ones may travel', () => {
  for (let code = 0; code <= 65_535; code++) {
    const allowed = ALLOWED.includes(code) || Math.floor(code / 1_000) === 3 || Math.floor(code / 1_000) === 4
    if (mayTravel(code) !== allowed) assert.fail(`${code}: ${mayTravel(code)}`)
  }
})

test('what is no close code at all may not travel', () => {
  for (const code of [-1, 65_536, 66_536, 1000.5, Number.NaN, Number.POSITIVE_INFINITY, '1000', undefined, null]) {
    assert.equal(mayTravel(code as number), false, String(code))
  }
})

test('the names are those of the registry', () => {
  assert.deepEqual(CloseCode, {
    normalClosure: 1000,
    goingAway: 1001,
    protocolError: 1002,
    unsupportedData: 1003,
    noStatusReceived: 1005,
    abnormalClosure: 1006,
    invalidPayload: 1007,
    policyViolation: 1008,
    messageTooBig: 1009,
    mandatoryExtension: 1010,
    internalError: 1011,
    serviceRestart: 1012,
    tryAgainLater: 1013,
    badGateway: 1014,
    tlsHandshake: 1015,
  })
})
