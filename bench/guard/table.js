// What is promised beside what was found.
import { ratioOf } from '../measure/benchmark.js'
import { ratio, table } from '../measure/table.js'

/** @returns the ratio that a promise is about, in the rows of its benchmark; no number where it was not measured. */
export function foundOf({ case: name, by, to }, benchmark, rows) {
  const results = rows.find((row) => row.case === name)?.results ?? {}
  return ratioOf(benchmark, results[by], results[to])
}

/** @param kept Pairs of a promise and what was found. @param askedOf How much of a promise is asked for. */
export function promiseTable(kept, askedOf = ({ bar }) => bar) {
  const head = ['case', 'of', 'to', 'found', 'promised', 'holds']
  const rows = kept.map(([promise, found]) => {
    const { case: name, by, to, bar } = promise
    const least = askedOf(promise)
    const asked = least === bar ? `${bar}` : `${bar}, ${least} asked`
    return [name, by, to, ratio(found), asked, found >= least ? 'yes' : 'NO']
  })
  return table(head, rows, { names: 3 })
}
