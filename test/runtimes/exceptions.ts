// What does not hold on Bun or Deno, and why. An entry names tests that fail there: one that passes after all is an error,
// too, so that nothing stays here longer than it is true.

import type { RuntimeName } from './run-files.ts'

export interface Exception {
  readonly file: string
  readonly tests: readonly string[]
  readonly runtimes: readonly RuntimeName[]
  /** What the runtime does differently. */
  readonly reason: string
}

/** Files about Node itself: they are not run elsewhere. */
export const NODE_ONLY: readonly { readonly file: string; readonly reason: string }[] = []

export const EXCEPTIONS: readonly Exception[] = []
