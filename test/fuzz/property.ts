// What a target says of its subject. A property that does not hold is a finding.

export class BrokenProperty extends Error {
  override readonly name = 'BrokenProperty'
}

/** @throws BrokenProperty */
export function holds(property: boolean, text: string): asserts property {
  if (!property) throw new BrokenProperty(text)
}

export function holdsSame(actual: unknown, expected: unknown, text: string): void {
  if (Object.is(actual, expected)) return
  throw new BrokenProperty(`${text}: ${String(actual)}, not ${String(expected)}`)
}
