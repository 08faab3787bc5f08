// Inputs in files: what was kept of earlier runs, and what once was a finding. A file is called after what is in it.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testFile } from '../support/programs.ts'

/** An input with the file that it is from. */
export interface SavedInput {
  readonly file: string
  readonly bytes: Uint8Array
}

export function corpusOf(target: string): SavedInput[] {
  return readInputs(testFile('fuzz', 'corpus', target))
}

/** Inputs that once were findings: `cases/TARGET/NAME.bin`. */
export function casesOf(target: string): SavedInput[] {
  return readInputs(testFile('fuzz', 'cases', target))
}

/** These take the place of what was kept before. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const directory = testFile('fuzz', 'corpus', target)
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const input of inputs) writeFileSync(join(directory, nameOf(input)), input)
}

/** A short name for an input. */
export function nameOf(input: Uint8Array): string {
  return createHash('sha256').update(input).digest('hex').slice(0, 16)
}

/** In the order of their names, so that runs of the same corpus are the same. */
function readInputs(directory: string): SavedInput[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .sort()
    .map((name) => ({ file: join(directory, name), bytes: new Uint8Array(readFileSync(join(directory, name))) }))
}
