// What is promised beside what was found.
import { ratioOf } from '../measure/benchmark.js'
import { ratio, table } from '../measure/table.js'

/** @returns the ratio that a promise is about, in the rows of its benchmark; no number where it was not measured. */
export function foundOf({ case: name, by, to }, benchmark, rows) {
  const results = rows.find((row) => row.case === name)?.results ?? {}
  return ratioOf(benchmark, results[by], results[to])
}

/** @param kept Pairs of a promise and what was found. @param part How much of the promise is asked for. */
export function promiseTable(kept, part = 1) {
  const head = ['case', 'of', 'to', 'found', 'promised', 'holds']
  const rows = kept.map(([{ case: name, by, to, bar }, found]) => {
    const asked = part === 1 ? `${bar}` : `${bar}, ${bar * part} asked`
    return [name, by, to, ratio(found), asked, found >= bar * part ? 'yes' : 'NO']
  })
  return table(head, rows, { names: 3 })
}
