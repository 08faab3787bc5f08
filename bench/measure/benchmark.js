// What a benchmark is, how it runs, and how what came of it reads.
//
//   name, title, about   what it is called, and what is measured, in a sentence or two
//   cases                each with a `name` and whatever else `measure` wants to know
//   contestants          by name, each with a `label`; the ones that are measured unless arguments say otherwise are
//                        `usual`, and the first of those is what the others are compared with
//   peers                who else takes part when everything is measured
//   numbers              the options that are numbers, with their defaults: `rounds` and others
//   measure              a contestant's name, a case and the options → the numbers of one measurement
//   ratio                what is compared: `of` a result; `inverted` where less is more
//   columns              what else is told of each result

import { inTurn } from './rounds.js'
import { ratio, short, table } from './table.js'

/** How many times as good a result is as the one it is compared with. */
export function ratioOf(benchmark, result, base) {
  const { of, inverted = false } = benchmark.ratio
  if (result === undefined || base === undefined) return Number.NaN
  return inverted ? of(base) / of(result) : of(result) / of(base)
}

/**
 * Runs it.
 *
 * @param goesOn Whether a measurement that fails is told, and then is not there; otherwise it ends everything.
 * @returns One row for each case: its name, and the medians by contestant.
 */
export async function run(benchmark, options, { tell = () => {}, goesOn = false } = {}) {
  const rows = []
  for (const one of options.cases) {
    tell(`${benchmark.title}: ${one.name}`)
    const results = await inTurn(options.servers, options.rounds, async (name) => {
      try {
        return await benchmark.measure(name, one, options)
      } catch (error) {
        if (!goesOn) throw error
        tell(`${benchmark.contestants[name].label}: ${error.message}`)
        return undefined
      }
    })
    rows.push({ case: one.name, results })
  }
  return rows
}

function tell(of, result) {
  return short(result === undefined ? Number.NaN : of(result))
}

/** The ratios, which are what counts. */
export function ratioTable(benchmark, rows, names) {
  const [base, ...others] = names
  const { contestants } = benchmark
  const { of, label } = benchmark.ratio
  const head = ['case', `${contestants[base].label}, ${label}`, ...others.map((name) => contestants[name].label)]
  const cells = ({ case: name, results }) => [
    name,
    tell(of, results[base]),
    ...others.map((other) => ratio(ratioOf(benchmark, results[other], results[base]))),
  ]
  return table(head, rows.map(cells))
}

/** What was measured, a row for each contestant in each case. */
export function detailTable(benchmark, rows, names) {
  const head = ['case', 'by', ...benchmark.columns.map(({ label }) => label)]
  const cells = ({ case: name, results }) =>
    names.map((by) => [
      name,
      benchmark.contestants[by].label,
      ...benchmark.columns.map(({ of }) => tell(of, results[by])),
    ])
  return table(head, rows.flatMap(cells), { names: 2 })
}
