import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNames, readLimit, readNumbers } from '../../src/codec/options.ts'

interface Numbers {
  size: number
  wait: number
}
const DEFAULTS: Numbers = { size: 10, wait: 20 }
const LEAST: Numbers = { size: 0, wait: 1 }
const read = (given: unknown) => readNumbers('things', given as Partial<Numbers>, DEFAULTS, LEAST)

test('what is not given is the default', () => {
  assert.equal(read(undefined), DEFAULTS)
  assert.equal(read({}), DEFAULTS)
  assert.equal(read({ size: undefined }), DEFAULTS)
  assert.deepEqual(read({ size: undefined, wait: 5 }), { size: 10, wait: 5 })
})

test('each number from its least value up is taken, and Infinity', () => {
  for (const size of [0, 1, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
    assert.deepEqual(read({ size }), { size, wait: 20 })
  }
  assert.deepEqual(read({ wait: 1 }), { size: 10, wait: 1 })
})

test('a number out of range is a RangeError that names it', () => {
  for (const size of [-1, 0.5, 2 ** 53, Number.NaN, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => read({ size }), {
      name: 'RangeError',
      message: /^things\.size is .*, not an integer from 0 up/,
    })
  }
  assert.throws(() => read({ wait: 0 }), {
    name: 'RangeError',
    message: /^things\.wait is 0, not an integer from 1 up/,
  })
})

test('what is no number is a TypeError that names it', () => {
  for (const size of ['1', null, 1n, true, {}]) {
    assert.throws(() => read({ size }), { name: 'TypeError', message: /^things\.size is a / })
  }
})

test('what is no object, or has another name, is a TypeError', () => {
  for (const given of [null, 5, 'size', true, () => {}]) {
    assert.throws(() => read(given), { name: 'TypeError', message: 'things is not an object' })
  }
  assert.throws(() => read(['size']), { name: 'TypeError', message: /^things is an array/ })
  assert.throws(() => read({ sizes: 1 }), { name: 'TypeError', message: 'Unknown option sizes in things' })
})

test('T-11: names of Object.prototype are unknown names like any other', () => {
  for (const name of ['toString', '__proto__', 'constructor', 'hasOwnProperty']) {
    const given = Object.defineProperty({}, name, { value: 1, enumerable: true })
    assert.throws(() => read(given), { name: 'TypeError', message: `Unknown option ${name} in things` })
  }
})

test('T-67: options are read once, their own properties only, into a record that cannot be changed', () => {
  let reads = 0
  const given = Object.create(
    { wait: 5 },
    {
      size: { enumerable: true, get: () => ++reads },
    },
  ) as Partial<Numbers>
  const numbers = read(given)
  assert.deepEqual(numbers, { size: 1, wait: 20 })
  assert.equal(reads, 1)
  assert.ok(Object.isFrozen(numbers))
})

test('checkNames takes any of the names that are known', () => {
  checkNames('options', { a: 1 }, ['a', 'b'])
  checkNames('options', {}, [])
})

test('a number that has a most is taken up to it, and not one more', () => {
  const readUpTo9 = (given: Partial<Numbers>) => readNumbers('things', given, DEFAULTS, LEAST, { size: 9 })
  for (const size of [0, 1, 8, 9]) assert.deepEqual(readUpTo9({ size }), { size, wait: 20 })
  for (const size of [-1, 8.5, 10, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    assert.throws(() => readUpTo9({ size }), {
      name: 'RangeError',
      message: `things.size is ${size}, not an integer from 0 to 9`,
    })
  }
})

test('a most is that of its own number only, and not asked of a default', () => {
  assert.deepEqual(readNumbers('things', { wait: Number.POSITIVE_INFINITY }, DEFAULTS, LEAST, { size: 9 }), {
    size: 10,
    wait: Number.POSITIVE_INFINITY,
  })
})

test('a single limit is read like one of many', () => {
  for (const value of [1, 2, 3]) assert.equal(readLimit('most', value, 1, 3), value)
  for (const value of [1, 2 ** 40, Number.POSITIVE_INFINITY]) assert.equal(readLimit('none', value, 1), value)
  assert.throws(() => readLimit('most', 4, 1, 3), {
    name: 'RangeError',
    message: 'most is 4, not an integer from 1 to 3',
  })
  assert.throws(() => readLimit('none', 0, 1), {
    name: 'RangeError',
    message: 'none is 0, not an integer from 1 up, or Infinity',
  })
  assert.throws(() => readLimit('most', '2', 1, 3), { name: 'TypeError', message: 'most is a string, not a number' })
})

test('of a name that is looked for in the wrong place, it is said where it is', () => {
  const hints = { width: 'it is size' }
  for (const [name, message] of [
    ['width', 'Unknown option width in things: it is size'],
    ['height', 'Unknown option height in things'],
    ['toString', 'Unknown option toString in things'],
  ] as const) {
    assert.throws(() => checkNames('things', { [name]: 1 }, ['size'], hints), new TypeError(message))
  }
})
