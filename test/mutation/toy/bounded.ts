// A subject for the test of the tool: a bound, a constant, a condition with an operator, and a loop that can be made endless.

const SHORT = 125

/** How many bytes a length takes. */
export function lengthBytes(length: number): number {
  return length <= SHORT ? 1 : 3
}

export function ones(count: number): string {
  let text = ''
  let left = count
  while (left > 0) {
    text += '1'
    left -= 1
  }
  return text
}

/** The short way comes to the same as the long one. */
export function double(value: number): number {
  if (value === 0) return 0
  return value * 2
}
