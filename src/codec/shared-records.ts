// Records that are the same, kept once: the thousands of connections of a server are set to the same numbers, and none of
// them needs a record of its own.

// What is asked for comes from one server or client, rarely from two or three at a time.
const MOST_KEPT = 8

export class SharedRecords<Value extends object> {
  readonly #kept: Value[] = []

  /** @returns the record, or one with the same values that somebody has already. Neither may change from now on. */
  share(value: Value): Value {
    const names = Object.keys(value) as (keyof Value)[]
    const known = this.#kept.find((other) => names.every((name) => other[name] === value[name]))
    if (known !== undefined) return known
    if (this.#kept.length === MOST_KEPT) this.#kept.shift()
    this.#kept.push(value)
    return value
  }
}
