// Runs the compiled tests by the test runner of another runtime, each file in a process of its own, and compares what
// fails with the list of exceptions.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bun, deno, testFile } from '../support/programs.ts'
import { EXCEPTIONS, type Exception, NOT_RUN } from './exceptions.ts'
import { type Outcome, parseJunit } from './junit.ts'

export type RuntimeName = 'bun' | 'deno'

const AT_ONCE = 2
const TEST_TIMEOUT_MS = 60_000
const FILE_TIMEOUT_MS = 180_000

interface Runtime {
  readonly program: string | undefined
  args(file: string, report: string): string[]
}

export const RUNTIMES: Record<RuntimeName, Runtime> = {
  bun: {
    program: bun,
    args: (file, report) => [
      'test',
      `--timeout=${TEST_TIMEOUT_MS}`,
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      file,
    ],
  },
  deno: {
    program: deno,
    args: (file, report) => [
      'test',
      '--allow-all',
      '--no-check',
      `--import-map=${testFile('runtimes', 'deno-imports.json')}`,
      `--junit-path=${report}`,
      file,
    ],
  },
}

interface FileResult {
  readonly outcomes: readonly Outcome[]
  /** What went wrong with the file as a whole. */
  readonly fault: string | undefined
  readonly said: string
  readonly seconds: number
}

/** @param names Files, as paths below `directory`. @returns whether everything is as it must be. */
export async function runFiles(name: RuntimeName, directory: string, names: readonly string[]): Promise<boolean> {
  const runtime = RUNTIMES[name]
  if (runtime.program === undefined || names.length === 0) {
    console.error(
      names.length === 0 ? 'There is no such test' : `${name} is not installed: npm ci --prefix test/runtimes`,
    )
    return false
  }
  const start = performance.now()
  const notRun = NOT_RUN.filter(({ runtimes }) => runtimes.includes(name))
  const waiting = names.filter((file) => !notRun.some((entry) => entry.file === sourceOf(file)))
  const tally = new Tally(name)
  const next = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      tally.add(file, await runFile(runtime, join(directory, file)))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
  for (const { file, reason } of notRun) {
    if (names.some((candidate) => sourceOf(candidate) === file)) console.log(`- not run: ${file}: ${reason}`)
  }
  return tally.sum((performance.now() - start) / 1_000)
}

function sourceOf(file: string): string {
  return file.replace(/\.js$/, '.ts')
}

function runFile({ program, args }: Runtime, file: string): Promise<FileResult> {
  const directory = mkdtempSync(join(tmpdir(), 'wspc-test-'))
  const report = join(directory, 'report.xml')
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args(file, report), {
      env: { ...process.env, NO_COLOR: '1', WSPC_TEST_TIMEOUT_MS: String(TEST_TIMEOUT_MS) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: FILE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const outcomes = parseJunit(readReport(report))
      rmSync(directory, { recursive: true })
      const seconds = (performance.now() - start) / 1_000
      const failed = outcomes.some(({ result }) => result === 'failed')
      const fault =
        signal !== null
          ? `was ended by ${signal} after ${seconds.toFixed(0)} s`
          : outcomes.length === 0
            ? 'reported no test'
            : code !== 0 && !failed
              ? `ended with ${code}, though no test failed`
              : undefined
      resolve({ outcomes, fault, said, seconds })
    })
  })
}

/** The report is missing when the process did not come to its end. */
function readReport(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** What all files said, printed as it comes. */
class Tally {
  readonly #runtime: RuntimeName
  #files = 0
  #passed = 0
  #skipped = 0
  #exceptions = 0
  readonly #wrong: string[] = []

  constructor(runtime: RuntimeName) {
    this.#runtime = runtime
  }

  add(compiled: string, { outcomes, fault, said, seconds }: FileResult): void {
    const file = sourceOf(compiled)
    const exceptions = EXCEPTIONS.filter((entry) => entry.file === file && entry.runtimes.includes(this.#runtime))
    const wrong = compare(file, outcomes, exceptions)
    if (fault !== undefined) wrong.push(`${file} ${fault}`)
    this.#files++
    this.#passed += outcomes.filter(({ result }) => result === 'passed').length
    for (const { name, result } of outcomes) {
      if (result === 'skipped') console.log(`- skipped: ${file}: ${name}`)
    }
    this.#skipped += outcomes.filter(({ result }) => result === 'skipped').length
    for (const { tests, reason } of exceptions) {
      this.#exceptions += tests.length
      console.log(`- ${file}: ${tests.length} failed as is known: ${reason}`)
    }
    console.log(`${wrong.length === 0 ? 'ok' : 'NOT OK'} ${file}, ${outcomes.length} tests, ${seconds.toFixed(1)} s`)
    if (wrong.length > 0) console.log(said)
    this.#wrong.push(...wrong)
  }

  sum(seconds: number): boolean {
    console.log(
      `\n${this.#runtime}: ${this.#files} files, ${this.#passed} tests passed, ${this.#wrong.length} wrong, ` +
        `${this.#exceptions} failed as is known, ${this.#skipped} skipped, ${seconds.toFixed(0)} s`,
    )
    for (const line of this.#wrong) console.log(`  ${line}`)
    return this.#wrong.length === 0
  }
}

/** What is not as it must be: failures that are not listed, and entries of the list that have become untrue. */
export function compare(
  file: string,
  outcomes: readonly Outcome[],
  exceptions: readonly Pick<Exception, 'tests' | 'sometimes'>[],
): string[] {
  const listed = exceptions.flatMap(({ tests }) => tests)
  const certain = exceptions.flatMap(({ tests, sometimes }) => (sometimes === true ? [] : tests))
  const wrong: string[] = []
  for (const { name, result } of outcomes) {
    if (result === 'failed' && !listed.includes(name)) wrong.push(`${file}: ${name}`)
    if (result === 'passed' && certain.includes(name)) {
      wrong.push(`${file}: ${name}: the exception is no longer needed`)
    }
  }
  for (const name of listed) {
    if (!outcomes.some((outcome) => outcome.name === name)) wrong.push(`${file}: ${name}: there is no such test`)
  }
  return wrong
}
