// Logarithmic axes: on them twice as much is as far everywhere, which is what ratios and growth want.

/** @returns Where a value is, between `from` and `to`, when `low` is at the one and `high` at the other. */
export function logScale(low, high, from, to) {
  const span = Math.log(high / low)
  return (value) => from + (Math.log(value / low) / span) * (to - from)
}

const EXPONENTS = Array.from({ length: 61 }, (_, i) => i - 20)
const powers = (base, steps = [1]) => EXPONENTS.flatMap((power) => steps.map((step) => step * base ** power))

/** What may be at ticks, the finest first. */
const DECIMAL = [powers(10, [1, 2, 5]), powers(10), powers(100)].map((ticks) =>
  ticks.map((tick) => Number(tick.toPrecision(1))),
)
const BINARY = [powers(2), powers(4), powers(16), powers(256)]

/**
 * Round numbers in a range that covers the values, not too many.
 *
 * @param isBytes Whether they are round as bytes are.
 */
export function logTicks(values, { isBytes = false, most = 9 } = {}) {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const covering = (ticks) => {
    const first = ticks.findLastIndex((tick) => tick <= low)
    const last = ticks.findIndex((tick) => tick >= high && tick > ticks[first])
    return ticks.slice(first, last + 1)
  }
  const found = (isBytes ? BINARY : DECIMAL).map(covering)
  return found.find((ticks) => ticks.length <= most) ?? found.at(-1)
}

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB']
const DECIMAL_UNITS = ['', 'k', 'M', 'G']

function withUnit(value, units, step) {
  let unit = 0
  let shown = value
  while (shown >= step && unit < units.length - 1) {
    shown /= step
    unit++
  }
  return `${Number(shown.toPrecision(3))} ${units[unit]}`.trim()
}

export function shortBytes(value) {
  return withUnit(value, BINARY_UNITS, 1_024)
}

export function shortCount(value) {
  return withUnit(value, DECIMAL_UNITS, 1_000).replace(' ', '')
}
