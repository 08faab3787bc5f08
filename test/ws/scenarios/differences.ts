// Where this module differs from `ws` on purpose. Each row is checked both ways: the transcripts differ in these places and in
// no other, so that a row that is no longer needed fails.

import type { Change } from './transcript.ts'

export interface Difference {
  /** `group: name` of the scenario. */
  readonly scenario: string
  /** Why, for the reader of the table. */
  readonly reason: string
  readonly changes: readonly Change[]
}

export const differences: readonly Difference[] = []
