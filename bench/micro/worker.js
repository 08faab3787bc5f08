// Times one contestant in one case, in a process that has seen nothing else: what the compilers learn from one case is
// not held against the next. Argument: JSON. Prints nanoseconds for each frame, or call: the median of the passes.
import { median } from '../measure/median.js'
import { KINDS, takesPart } from './kinds.js'

const { file, one, seconds, warmup } = JSON.parse(process.argv[2])
const contestant = await import(`./contestants/${file}`)

async function runFor(seconds, pass) {
  const end = performance.now() + seconds * 1_000
  const passes = []
  while (performance.now() < end) {
    const { ns, count } = await pass()
    passes.push(ns / count)
  }
  return median(passes)
}

if (takesPart(contestant, one)) {
  const pass = KINDS[one.kind](contestant, one)
  await runFor(warmup, pass)
  console.log(JSON.stringify({ ns: await runFor(seconds, pass) }))
} else {
  console.log(JSON.stringify({}))
}
process.exit()
