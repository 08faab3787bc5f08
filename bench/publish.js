// Makes a run the published one: its numbers stay in `results/published/`, its pictures and tables go to
// docs/explain/performance.md. Usage: npm run publish-results -- FOLDER [FOLDER …]: what `npm start` wrote, the first with
// everything, those after it on other versions of Node, of which only the ratios are told.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readPath } from './measure/options.js'
import { fillMarkers } from './page.js'
import { writePictures } from './report.js'

const here = dirname(fileURLToPath(import.meta.url))
const PUBLISHED = join(here, 'results', 'published')
const PAGE = join(here, '..', 'docs', 'explain', 'performance.md')
const PICTURES = join(here, '..', 'docs', 'explain', 'performance')

const { positionals } = parseArgs({ allowPositionals: true })
if (positionals.length === 0) throw new RangeError('Which folders? They are in results/')
const results = positionals.map((folder) => JSON.parse(readFileSync(join(readPath(folder), 'result.json'), 'utf8')))

mkdirSync(PUBLISHED, { recursive: true })
mkdirSync(PICTURES, { recursive: true })
for (const result of results) {
  const file = join(PUBLISHED, `node-${result.environment.node}.json`)
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`)
}
writePictures(results[0], PICTURES)
writeFileSync(PAGE, fillMarkers(readFileSync(PAGE, 'utf8'), results))
console.log(`Written to ${PAGE}`)
