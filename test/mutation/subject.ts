// What is mutated, and by which tests: compiled modules beside compiled tests, both by their paths below a directory.

import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Mutant, mutantsOf } from './operators.ts'

export interface Subject {
  readonly directory: string
  readonly modules: readonly string[]
  readonly tests: readonly string[]
}

const MUTATED = ['codec', 'handshake', 'extension', 'session']

/** The rules of the protocol, and the tests beside them. Those of the floors above are not asked: each file has its own. */
export function engine(): Subject {
  const directory = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
  const files = (folder: string, isWanted: (name: string) => boolean) =>
    readdirSync(join(directory, folder))
      .filter(isWanted)
      .toSorted()
      .map((name) => `${folder}/${name}`)
  return {
    directory,
    modules: MUTATED.flatMap((folder) => files(`src/${folder}`, (name) => name.endsWith('.js'))),
    tests: MUTATED.flatMap((folder) => files(`test/${folder}`, (name) => name.endsWith('.test.js'))),
  }
}

/** A mutant, and where it is in the source. */
export interface PlacedMutant extends Mutant {
  /** The compiled module, below the directory of the subject. */
  readonly module: string
  /** The source: `src/codec/mask.ts`. */
  readonly file: string
  readonly line: number
  /** What stands in that line of the source. */
  readonly text: string
}

export function placedMutants({ directory }: Subject, module: string): PlacedMutant[] {
  const path = join(directory, module)
  const compiled = readFileSync(path, 'utf8')
  const payload = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMapPayload
  const map = new SourceMap(payload)
  const source = readFileSync(join(dirname(path), payload.sources[0]!), 'utf8').split('\n')
  const lineStarts = [0]
  for (let at = compiled.indexOf('\n'); at >= 0; at = compiled.indexOf('\n', at + 1)) lineStarts.push(at + 1)

  return mutantsOf(compiled).map((mutant) => {
    const line = lineStarts.findLastIndex((start) => start <= mutant.edit.start)
    const entry = map.findEntry(line, mutant.edit.start - lineStarts[line]!)
    const sourceLine = 'originalLine' in entry ? entry.originalLine : 0
    return {
      ...mutant,
      module,
      file: module.replace(/\.js$/, '.ts'),
      line: sourceLine + 1,
      text: source[sourceLine]!.trim(),
    }
  })
}
