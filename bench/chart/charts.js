// The pictures of a result: ratios of every benchmark, and for those with curves the curves.
import { CURVES } from '../growth/benchmark.js'
import { ratioOf } from '../measure/benchmark.js'
import { ratioBars } from './bars.js'
import { curves } from './curves.js'
import { shortBytes, shortCount } from './scale.js'

function barsOf(benchmark, { rows, servers }) {
  const [base, ...others] = servers
  return ratioBars({
    title: `${benchmark.title}: times as good as ${benchmark.contestants[base].label}`,
    than: benchmark.contestants[base].label,
    series: others.map((name) => benchmark.contestants[name].label),
    groups: rows.map(({ case: label, results }) => ({
      label,
      values: others.map((name) => ratioOf(benchmark, results[name], results[base])),
    })),
  })
}

function curveOf(benchmark, { rows, servers }, curve) {
  const { title } = CURVES[curve]
  const steps = benchmark.cases.filter((one) => one.curve === curve)
  const pointsOf = (read) =>
    servers.map((name) =>
      steps.flatMap((step) => {
        const result = rows.find((row) => row.case === step.name)?.results[name]
        return result === undefined ? [] : [[step.at, read(result)]]
      }),
    )
  const showX = curve === 'bytes' ? shortBytes : shortCount
  return curves({
    title: `Echo: ${title}`,
    along: curve === 'inFlight' ? 'in flight' : curve === 'bytes' ? 'bytes in a message' : 'connections',
    series: servers.map((name) => benchmark.contestants[name].label),
    panels: [
      { title: 'messages per second', points: pointsOf((r) => r.messagesPerSecond), showX, showY: shortCount },
      {
        title: 'most memory of the server',
        points: pointsOf((r) => r.serverPeakRss),
        showX,
        showY: shortBytes,
        isBytes: true,
      },
    ],
  })
}

/** @returns Pairs of a name, without ending, and a picture. */
export function chartsOf(benchmark, result) {
  if (benchmark.name !== 'growth') return [[benchmark.name, barsOf(benchmark, result)]]
  return Object.keys(CURVES).map((curve) => [`growth-${curve}`, curveOf(benchmark, result, curve)])
}
