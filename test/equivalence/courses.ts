// All streams to both ends in every form, one after the other; or one of them with the cuts that a report names.

import { SeededRandom } from '../support/random.ts'
import type { Cuts } from './chunks.ts'
import { Comparison, type Extent } from './comparison.ts'
import { COMPRESSIONS, STREAMS } from './streams.ts'
import type { Course, Subject } from './ways.ts'

export const COURSES: readonly Course[] = STREAMS.flatMap((stream) =>
  (stream.compressions ?? COMPRESSIONS).flatMap((compression) =>
    (['server', 'client'] as const).map((role) => ({ stream, role, compression })),
  ),
)

export interface CoursesOptions extends Extent {
  readonly seed: number
  /** Which of the courses, by their place. Default: all. */
  readonly from?: number
  readonly to?: number
}

/** @throws Difference for the first that is found. */
export function compareAll(
  subject: Subject,
  { seed, from = 0, to = COURSES.length, ...extent }: CoursesOptions,
): { readonly courses: number; readonly runs: number } {
  const courses = COURSES.slice(from, to)
  let runs = 0
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // each violation is an error, and where it was made takes longer to find out than all else
  try {
    for (const [i, course] of courses.entries()) {
      const comparison = new Comparison(subject, course)
      comparison.compareWays()
      comparison.compareCuts(extent, new SeededRandom(seed * COURSES.length + from + i))
      runs += comparison.runs
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  return { courses: courses.length, runs }
}

/** Cuts as a report has them. */
export function parseCuts(text: string): Cuts {
  return text === '-' ? [] : text.split(',').map(Number)
}
