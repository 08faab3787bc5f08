// The middle of some measurements: one that was disturbed does not move it.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The medians of the numbers of results that have the same shape, in that shape. */
export function medianOfEach(results) {
  const [first] = results
  if (typeof first === 'number') return median(results)
  if (typeof first !== 'object' || first === null) return first
  return Object.fromEntries(Object.keys(first).map((key) => [key, medianOfEach(results.map((result) => result[key]))]))
}
