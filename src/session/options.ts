// Options are read once, own properties only, into a record of our own: what a caller changes or overrides later is
// never consulted, and a misspelt name is an error instead of a default.

/**
 * The caller's numbers over the defaults, each a safe integer from its least value up, or `Infinity`.
 *
 * @throws TypeError for something that is not an object of numbers, or a name that is not among the defaults.
 * @throws RangeError for a number out of range.
 */
export function readNumbers<Numbers extends object>(
  what: string,
  given: Partial<Numbers> | undefined,
  defaults: Numbers,
  least: Numbers,
): Readonly<Numbers> {
  if (given === undefined) return defaults
  checkNames(what, given, Object.keys(defaults))
  const result = { ...defaults } as Record<string, number>
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined) continue
    if (typeof value !== 'number') throw new TypeError(`${what}.${name} is a ${typeof value}, not a number`)
    const minimum = (least as Record<string, number>)[name]!
    if (value !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(value) && value >= minimum)) {
      throw new RangeError(`${what}.${name} is ${value}, not an integer from ${minimum} up, or Infinity`)
    }
    result[name] = value
  }
  return Object.freeze(result) as Numbers
}

/** @throws TypeError when `given` is not an object, or has an own property that is not in `known`. */
export function checkNames(what: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw new TypeError(`${what} is not an object`)
  const unknownName = Object.keys(given).find((name) => !known.includes(name))
  if (unknownName !== undefined) throw new TypeError(`Unknown option ${unknownName} in ${what}`)
}
