// Mutants that survive the tests, and why they do no harm. An entry is found by what the source says, not by the number of
// its line; one that is killed after all, or whose line is gone, fails the run, so that the list stays true.

export interface Harmless {
  readonly file: string
  /** The line of the source, or a part of it that no other line has; several where they are so for the same reason. */
  readonly lines: readonly string[]
  /** What is written → what stands in its place. Without them, whatever survives of these lines. */
  readonly mutations?: readonly string[]
  readonly reason: string
}

export const HARMLESS: readonly Harmless[] = []
