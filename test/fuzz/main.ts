// Fuzzes the targets, one after the other: `node dist/test/fuzz/main.js --target=http-head --executions=10000000`. Each of
// them begins with its corpus; the seed decides the rest. It stops after `--seconds`, if that comes first. With `--save=yes`
// the inputs that are worth keeping take the place of the corpus. With `--replay=FILE` a target is given one input, without
// any instrumentation.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOptions } from '../support/command.ts'
import { toHex } from '../support/wire.ts'
import { type CampaignResult, campaign } from './campaign.ts'
import { casesOf, corpusOf, nameOf, writeCorpus } from './corpus.ts'
import { InstrumentedCopy } from './instrumented-copy.ts'
import type { Finding } from './loop.ts'
import { type FuzzTarget, TARGET_NAMES, targetModule } from './target.ts'

const USAGE = `node dist/test/fuzz/main.js [--target=${TARGET_NAMES.join('|')}] [--executions=N] [--seconds=N]
  [--seed=N] [--save=yes]
node dist/test/fuzz/main.js --target=NAME --replay=FILE`

const DEFAULTS = { target: 'all', executions: 200_000, seconds: 0, seed: 1, save: 'no', replay: '' }
const options = commandOptions(DEFAULTS, USAGE)
const names: readonly string[] = options.target === 'all' ? TARGET_NAMES : [options.target]
if (!names.every((name) => (TARGET_NAMES as readonly string[]).includes(name))) {
  console.error(`There is no target ${options.target}\n\n${USAGE}`)
  process.exit(2)
}

if (options.replay !== '') await replay(options.target, options.replay)
else await fuzzAll()

async function replay(name: string, file: string): Promise<void> {
  const target = (await import(new URL(`./targets/${name}.js`, import.meta.url).href)) as FuzzTarget
  const start = performance.now()
  target.fuzz(new Uint8Array(readFileSync(file)))
  console.log(`${name}: nothing is wrong with ${file}, ${(performance.now() - start).toFixed(1)} ms`)
}

async function fuzzAll(): Promise<void> {
  const start = performance.now()
  let executions = 0
  let findings = 0
  for (const name of names) {
    const result = await fuzzOne(name)
    executions += result.executions
    if (result.finding !== undefined) findings++
  }
  const seconds = (performance.now() - start) / 1_000
  console.log(
    `fuzz: ${names.length} targets, ${executions} executions, ${findings} findings, ` +
      `${seconds.toFixed(1)} s, ${Math.round(executions / seconds)} a second`,
  )
  if (findings > 0) process.exitCode = 1
}

async function fuzzOne(name: string): Promise<CampaignResult> {
  const { seed, executions, save } = options
  const seconds = options.seconds === 0 ? Number.POSITIVE_INFINITY : options.seconds
  using copy = new InstrumentedCopy([targetModule(name)])
  const corpus = [...corpusOf(name), ...casesOf(name)].map(({ bytes }) => bytes)
  const result = await campaign(copy, targetModule(name), { seed, executions, seconds, corpus })
  const { finding, places } = result
  const rate = Math.round(result.executions / result.seconds)
  console.log(
    `${name}: ${result.executions} executions, ${places} of ${copy.counterCount} places, ` +
      `${result.corpus.length} inputs kept, ${result.seconds.toFixed(1)} s, ${rate} a second`,
  )
  if (finding !== undefined) report(name, finding)
  else if (save === 'yes') writeCorpus(name, result.corpus)
  return result
}

/** The input goes to a file of the temporary folder: whoever mends what is wrong keeps it as a case. */
function report(name: string, { kind, text, input }: Finding): void {
  const file = join(mkdtempSync(join(tmpdir(), 'wspc-fuzz-')), `${nameOf(input)}.bin`)
  writeFileSync(file, input)
  console.error(`${name}: ${kind}: ${text}`)
  console.error(`${input.length} bytes: ${toHex(input)}`)
  console.error(`Found with --seed=${options.seed}; written to ${file}. To see it again:`)
  console.error(`  node dist/test/fuzz/main.js --target=${name} --replay=${file}`)
  console.error(`To keep it: test/fuzz/cases/${name}/, with a name that says what was wrong`)
}
