// The page on performance: what is between its markers is written by `publish.js`, the rest by people.
import { chartsOf } from './chart/charts.js'
import { detailTable, ratioTable } from './measure/benchmark.js'
import { circumstances, howMeasured, sections } from './report.js'

const MARKED = /(<!-- measured: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g
const PICTURES = 'performance' // the folder beside the page

function picturesOf({ benchmark, found }) {
  return chartsOf(benchmark, found).map(([name]) => `![${benchmark.title}](${PICTURES}/${name}.svg)`)
}

function detailsOf({ benchmark, found }) {
  const all = detailTable(benchmark, found.rows, found.servers)
  return `<details><summary>All that was measured</summary>\n\n${all}\n\n</details>`
}

function ratiosOf({ environment }, { benchmark, found }) {
  const where = `Node ${environment.node}. ${howMeasured(found)}.`
  return `${where}\n\n${ratioTable(benchmark, found.rows, found.servers)}`
}

/** Pictures and details of the first result, ratios of all of them. */
function contentOf(name, results) {
  if (name === 'circumstances') return results.map((result) => `- ${circumstances(result)}`).join('\n')
  const there = results.flatMap((result) =>
    sections(result)
      .filter(({ benchmark }) => benchmark.name === name)
      .map((section) => ({ result, section })),
  )
  if (there.length === 0) return undefined
  const [{ section: first }] = there
  const ratios = there.map(({ result, section }) => ratiosOf(result, section))
  return [...picturesOf(first), ...ratios, detailsOf(first)].join('\n\n')
}

/** The page with its marked places filled anew; of what was not measured, as it was. */
export function fillMarkers(page, results) {
  return page.replaceAll(MARKED, (whole, begin, name, end) => {
    const content = contentOf(name, results)
    return content === undefined ? whole : `${begin}\n${content}\n\n${end}`
  })
}
