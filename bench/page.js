// The page on performance: what is between its markers is written by `publish.js`, the rest by people.
import { ratioTable } from './measure/benchmark.js'
import { circumstances, sections, timesOf } from './report.js'

const MARKED = /(<!-- measured: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g

function ratiosOf(result, name) {
  const section = sections(result).find(({ benchmark }) => benchmark.name === name)
  if (section === undefined) return ''
  const { benchmark, found } = section
  const title = `Node ${result.environment.node}. ${timesOf(found)}.`
  return `${title}\n\n${ratioTable(benchmark, found.rows, found.servers)}\n`
}

function contentOf(name, results) {
  if (name === 'circumstances') return results.map((result) => `- ${circumstances(result)}\n`).join('')
  return results
    .map((result) => ratiosOf(result, name))
    .filter((text) => text !== '')
    .join('\n')
}

/** The page with its marked places filled anew; of what was not measured, as it was. */
export function fillMarkers(page, results) {
  return page.replaceAll(MARKED, (whole, begin, name, end) => {
    const content = contentOf(name, results)
    return content === '' ? whole : `${begin}\n${content}\n${end}`
  })
}
