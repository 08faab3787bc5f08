// A copy of compiled modules and of all that they import, with counters in what is tested. The product itself stays as it
// is. The copy lies within the repository, where what it imports from packages is found.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../support/programs.ts'
import { importsOf, instrument } from './instrument.ts'

const COMPILED = join(ROOT, 'dist')

// Besides the product: what it inflates with, as no input gets far into DEFLATE by chance, and what is wrong on purpose.
const COUNTED = [join(COMPILED, 'src'), join(COMPILED, 'test', 'fuzz', 'faults')]
const COUNTED_PACKAGE = { name: 'pako', module: join('dist', 'pako.mjs') }

/** The module that all others of the copy have their counters from. */
export interface Counters {
  /** How often each place was come to; it stops at 255. */
  readonly hits: Uint8ClampedArray
  /** Bytes of memory that were asked for by length. */
  readonly allocation: { bytes: number }
}

const COUNTERS = (count: number) => `
export const hits = new Uint8ClampedArray(${count})
export const allocation = { bytes: 0 }
export function allocate(length) {
  if (typeof length === 'number') allocation.bytes += length
  return length
}
`

/** Copies the modules, given by their paths below `dist/`. */
export class InstrumentedCopy {
  readonly #directory = mkdtempSync(join(COMPILED, 'instrumented-'))
  readonly #done = new Set<string>()
  #counters = 0

  constructor(modules: readonly string[]) {
    for (const module of modules) this.#copy(join(COMPILED, module))
    // Memory is looked through word by word.
    writeFileSync(join(this.#directory, 'counters.js'), COUNTERS((this.#counters + 7) & ~7))
  }

  /** How many places are counted. */
  get counterCount(): number {
    return this.#counters
  }

  /** What to import for a module, given as above. */
  urlOf(module: string): string {
    return pathToFileURL(join(this.#directory, module)).href
  }

  get countersUrl(): string {
    return this.urlOf('counters.js')
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #copy(file: string): void {
    if (this.#done.has(file)) return
    this.#done.add(file)
    const source = readFileSync(file, 'utf8')
    const isCounted = COUNTED.some((folder) => file.startsWith(folder + sep))
    this.#write(relative(COMPILED, file), source, isCounted)
    for (const name of importsOf(source)) {
      if (name.startsWith('.')) this.#copy(join(dirname(file), name))
      else if (name === COUNTED_PACKAGE.name) this.#copyPackage()
    }
  }

  #copyPackage(): void {
    const { name, module } = COUNTED_PACKAGE
    if (this.#done.has(name)) return
    this.#done.add(name)
    const from = join(ROOT, 'node_modules', name)
    mkdirSync(join(this.#directory, 'node_modules', name), { recursive: true })
    cpSync(join(from, 'package.json'), join(this.#directory, 'node_modules', name, 'package.json'))
    this.#write(join('node_modules', name, module), readFileSync(join(from, module), 'utf8'), true)
  }

  #write(path: string, source: string, isCounted: boolean): void {
    const target = join(this.#directory, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, isCounted ? this.#instrument(target, source) : source)
  }

  #instrument(target: string, source: string): string {
    const path = relative(dirname(target), join(this.#directory, 'counters.js')).replaceAll(sep, '/')
    const result = instrument(source, path.startsWith('.') ? path : `./${path}`, this.#counters)
    this.#counters = result.nextCounter
    return result.source
  }
}
