import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_DEFLATE, type DeflateOptions, readDeflateOptions } from '../../src/extension/deflate-options.ts'

/** What may come from JavaScript. */
const read = (options: unknown) => readDeflateOptions(options as DeflateOptions)

const DEFAULTS = {
  thresholdBytes: 1_024,
  memoryLevel: 5,
  compressionLevel: 6,
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
}

/** Every number, with the least and the most that it may be. */
const BOUNDS: readonly (readonly [name: keyof DeflateOptions, least: number, most: number])[] = [
  ['thresholdBytes', 0, Number.POSITIVE_INFINITY],
  ['memoryLevel', 1, 9],
  ['compressionLevel', 0, 9],
  ['serverMaxWindowBits', 9, 15],
  ['clientMaxWindowBits', 9, 15],
]

const FLAGS = ['serverNoContextTakeover', 'clientNoContextTakeover'] as const

test('what is not given is the default', () => {
  assert.deepEqual(DEFAULT_DEFLATE, DEFAULTS)
  assert.deepEqual(read({}), DEFAULTS)
  assert.deepEqual(read(Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, undefined]))), DEFAULTS)
})

test('what is given is taken, each by itself and all together', () => {
  const given = {
    thresholdBytes: 7,
    memoryLevel: 2,
    compressionLevel: 3,
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 10,
    clientMaxWindowBits: 14,
  }
  assert.deepEqual(read(given), given)
  for (const [name, value] of Object.entries(given)) {
    assert.deepEqual(read({ [name]: value }), { ...DEFAULTS, [name]: value })
  }
})

for (const [name, least, most] of BOUNDS) {
  const range = most === Number.POSITIVE_INFINITY ? `${least} up, or Infinity` : `${least} to ${most}`

  test(`${name} is an integer from ${range}`, () => {
    for (const value of [least, least + 1, Math.min(most, Number.MAX_SAFE_INTEGER) - 1, most]) {
      assert.deepEqual(read({ [name]: value }), { ...DEFAULTS, [name]: value })
    }
    const above = most === Number.POSITIVE_INFINITY ? [2 ** 53] : [most + 1, Number.POSITIVE_INFINITY]
    for (const value of [least - 1, least + 0.5, -least - 1, Number.NaN, Number.NEGATIVE_INFINITY, ...above]) {
      const message = `deflate.${name} is ${value}, not an integer from ${range}`
      assert.throws(() => read({ [name]: value }), { name: 'RangeError', message })
    }
  })

  test(`${name} that is no number is a TypeError`, () => {
    for (const value of [null, '10', true, 10n, {}, [10]]) {
      const message = `deflate.${name} is a ${typeof value}, not a number`
      assert.throws(() => read({ [name]: value }), { name: 'TypeError', message })
    }
  })
}

for (const name of FLAGS) {
  test(`${name} is a boolean`, () => {
    for (const value of [true, false]) assert.deepEqual(read({ [name]: value }), { ...DEFAULTS, [name]: value })
    for (const value of [null, 0, 1, 'true', '', {}]) {
      const message = `deflate.${name} is a ${typeof value}, not a boolean`
      assert.throws(() => read({ [name]: value }), { name: 'TypeError', message })
    }
  })
}

test('a name that is misspelt, or that of another library, is a TypeError', () => {
  const names = ['threshold', 'level', 'memLevel', 'windowBits', 'server_no_context_takeover', 'ServerMaxWindowBits']
  for (const name of [...names, 'toString', '__proto__', 'constructor']) {
    const given = Object.defineProperty({}, name, { value: undefined, enumerable: true })
    assert.throws(() => read(given), { name: 'TypeError', message: `Unknown option ${name} in deflate` })
  }
})

test('what is no object is a TypeError', () => {
  for (const given of [undefined, null, true, 6, 'on', () => {}]) {
    assert.throws(() => read(given), { name: 'TypeError', message: 'deflate is not an object' })
  }
  assert.throws(() => read([]), { name: 'TypeError', message: /^deflate is an array/ })
})

test('T-67: options are read once, their own properties only, into a record that cannot be changed', () => {
  let reads = 0
  const once = <Value>(value: Value) => ({
    enumerable: true,
    get: () => {
      reads++
      return value
    },
  })
  const inherited = { compressionLevel: 1, clientNoContextTakeover: false }
  const settings = read(
    Object.create(inherited, { memoryLevel: once(3), serverNoContextTakeover: once(false), thresholdBytes: once(5) }),
  )
  assert.deepEqual(settings, { ...DEFAULTS, memoryLevel: 3, serverNoContextTakeover: false, thresholdBytes: 5 })
  assert.equal(reads, 3)
  assert.ok(Object.isFrozen(settings))
  assert.ok(Object.isFrozen(DEFAULT_DEFLATE))
})
