// All streams to both ends in every form, one after the other; or one of them with the cuts that a report names.

import { SeededRandom } from '../support/random.ts'
import type { SessionSubject } from '../support/session-subject.ts'
import { withoutStacks } from '../support/without-stacks.ts'
import type { Cuts } from './chunks.ts'
import { Comparison, type Extent } from './comparison.ts'
import { COMPRESSIONS, type Compression, STREAMS } from './streams.ts'
import type { Course } from './ways.ts'

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
  /** Only those of this form. */
  readonly compression?: Compression
}

/** @throws Difference for the first that is found. */
export function compareAll(
  subject: SessionSubject,
  { seed, from = 0, to = COURSES.length, compression, ...extent }: CoursesOptions,
): { readonly courses: number; readonly runs: number } {
  const isMeant = (course: Course) => compression === undefined || course.compression === compression
  const courses = COURSES.slice(from, to).filter(isMeant)
  let runs = 0
  withoutStacks(() => {
    for (const [i, course] of courses.entries()) {
      const comparison = new Comparison(subject, course)
      comparison.compareWays()
      comparison.compareCuts(extent, new SeededRandom(seed * COURSES.length + from + i))
      runs += comparison.runs
    }
  })
  return { courses: courses.length, runs }
}

/** Cuts as a report has them. */
export function parseCuts(text: string): Cuts {
  return text === '-' ? [] : text.split(',').map(Number)
}
