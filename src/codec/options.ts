// Options are read once, own properties only, into a record of our own: what a caller changes or overrides later is
// never consulted, and a misspelt name is an error instead of a default.

import { SharedRecords } from './shared-records.ts'

/** What was read over the same defaults, which are a constant of their caller's. */
const records = new WeakMap<object, SharedRecords<object>>()

/**
 * The caller's numbers over the defaults, each a safe integer from its least value up, or `Infinity`; where there is a
 * most, up to that.
 *
 * @throws TypeError for something that is not an object of numbers, or a name that is not among the defaults.
 * @throws RangeError for a number out of range.
 */
export function readNumbers<Numbers extends object>(
  what: string,
  given: Partial<Numbers> | undefined,
  defaults: Numbers,
  least: Numbers,
  most: Partial<Numbers> = {},
): Readonly<Numbers> {
  if (given === undefined) return defaults
  checkNames(what, given, Object.keys(defaults))
  const entries = (Object.entries(given) as [string, unknown][]).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return defaults // every connection reads some: that costs it no record of its own
  const result = { ...defaults } as Record<string, number>
  for (const [name, value] of entries) {
    const from = (least as Record<string, number>)[name]!
    result[name] = readLimit(`${what}.${name}`, value, from, (most as Record<string, number | undefined>)[name])
  }
  const sharedOnes = records.get(defaults) ?? new SharedRecords()
  records.set(defaults, sharedOnes)
  return sharedOnes.share(Object.freeze(result)) as Numbers
}

/**
 * A limit: a safe integer from `least` to `most`. Without a most, `Infinity`, written out, is the only way to say no
 * limit.
 *
 * @throws TypeError, RangeError naming what is wrong.
 */
export function readLimit(name: string, value: unknown, least: number, most = Number.POSITIVE_INFINITY): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a ${typeof value}, not a number`)
  if (value === most || (Number.isSafeInteger(value) && value >= least && value < most)) return value
  const range = most === Number.POSITIVE_INFINITY ? `${least} up, or Infinity` : `${least} to ${most}`
  throw new RangeError(`${name} is ${value}, not an integer from ${range}`)
}

/**
 * @param hints What to say of names that are not known and likely to be given all the same.
 * @throws TypeError when `given` is not an object, or has an own property that is not in `known`.
 */
export function checkNames(
  what: string,
  given: unknown,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): void {
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} is not an object`)
  if (Array.isArray(given)) throw new TypeError(`${what} is an array, not an object of options`)
  const unknownName = Object.keys(given).find((name) => !known.includes(name))
  if (unknownName === undefined) return
  const hint = Object.hasOwn(hints, unknownName) ? `: ${hints[unknownName]}` : ''
  throw new TypeError(`Unknown option ${unknownName} in ${what}${hint}`)
}
