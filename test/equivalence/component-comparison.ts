// One stream through the component: what is handed over, and what is written, is the same in whatever portions it is read
// and whatever calls come between. Where the component promises how it divides what it hands over, that is the same, too.

import { type Frame, framesOf } from '../differential/frames.ts'
import { SeededRandom } from '../support/random.ts'
import { toHex } from '../support/wire.ts'
import { Difference } from './comparison.ts'
import { type Component, ComponentRun, type Plan, plainPlan, somePlan } from './component-run.ts'
import { COURSES } from './courses.ts'
import { Recording } from './recording.ts'
import { wireOf } from './streams.ts'
import type { Course } from './ways.ts'

/** The component has no compression, and none of the options of a session. */
export const COMPONENT_COURSES: readonly Course[] = COURSES.filter(
  ({ stream, compression }) => compression === 'none' && stream.options === undefined,
)

/** How the bytes are read, as a report has it: `size:3` at a time, cut at a place `cut:7`, or by chance `seed:41`. */
export type Reads = string

const SEEDS_APART = 1_000_000

/** What is handed over and what is written, the pongs apart. */
interface Outcome {
  readonly recording: Recording
  readonly pongs: readonly string[]
  readonly sends: readonly string[]
}

export class ComponentComparison {
  readonly course: Course
  readonly wire: Uint8Array
  runs = 0
  readonly #subject: Component

  constructor(subject: Component, course: Course) {
    this.#subject = subject
    this.course = course
    this.wire = wireOf(course.stream, course.role, 'none')
  }

  /** All portions and all cuts in two, and so many plans by chance. @throws Difference */
  compareAll(seed: number, random: number): void {
    for (let bytes = 1; bytes <= this.wire.length; bytes++) this.compare(`size:${bytes}`)
    for (let at = 1; at < this.wire.length; at++) this.compare(`cut:${at}`)
    this.compareSome(seed, random)
  }

  /** So many plans by chance. @throws Difference */
  compareSome(seed: number, random: number): void {
    for (let i = 0; i < random; i++) this.compare(`seed:${seed * SEEDS_APART + i}`)
  }

  /** @throws Difference */
  compare(reads: Reads): void {
    const plan = this.#planOf(reads)
    const actual = this.#run(plan, reads)
    const expected = this.#run(plainPlan(plan.targets, plan.receiveBufferSize), 'at once')
    const sends = plan.sends.map(({ opcode, data }) => shown({ opcode, payload: data ?? new Uint8Array(0) }))
    const isSame =
      actual.recording.equals(expected.recording) &&
      arePongsOf(actual.pongs, expected.pongs, plan) &&
      actual.sends.join() === sends.join()
    if (!isSame) throw this.#report(reads, linesOf(actual), linesOf({ ...expected, sends }))
  }

  #planOf(reads: Reads): Plan {
    const [kind, number] = reads.split(':')
    if (kind === 'seed') return somePlan(new SeededRandom(Number(number)), this.wire.length)
    let isFirst = true
    return {
      ...plainPlan([undefined]),
      nextRead: () => {
        const bytes = kind === 'size' || isFirst ? Number(number) : this.wire.length
        isFirst = false
        return bytes
      },
    }
  }

  #run(plan: Plan, reads: Reads): Outcome {
    this.runs++
    const recording = new Recording(true)
    try {
      const written = new ComponentRun(this.#subject, this.course.role, this.wire, plan, recording).run()
      const frames = writtenFrames(written, this.course.role === 'client')
      const isPong = ({ opcode }: Frame) => opcode === 10
      return {
        recording,
        pongs: frames.filter(isPong).map(shown),
        sends: frames.filter((frame) => !isPong(frame)).map(shown),
      }
    } catch (error) {
      throw this.#report(reads, [...recording.toLines(), `threw ${error}`], [])
    }
  }

  #report(reads: Reads, actual: readonly string[], expected: readonly string[]): Difference {
    const { stream, role } = this.course
    return new Difference(
      [
        `"${stream.name}" to a ${role}'s handle, reads ${reads}:`,
        `  ${toHex(this.wire)}`,
        ...actual.map((line) => `  ${line}`),
        'and not what comes of it when all is read at once:',
        ...expected.map((line) => `  ${line}`),
        `Again: node dist/test/equivalence/main.js --stream="${stream.name}" --role=${role} --reads=${reads}`,
      ].join('\n'),
    )
  }
}

/** A ping that comes while the pong of another waits takes its place: then there are fewer. */
function arePongsOf(actual: readonly string[], expected: readonly string[], plan: Plan): boolean {
  if (plan.isPrompt && plan.sends.length === 0) return actual.join() === expected.join()
  let at = 0
  for (const pong of actual) {
    at = expected.indexOf(pong, at) + 1
    if (at === 0) return false
  }
  return true
}

function linesOf({ recording, pongs, sends }: Outcome): string[] {
  return [...recording.toLines(), `pongs ${pongs.join(' | ')}`, `sends ${sends.join(' | ')}`]
}

function shown({ opcode, payload }: Pick<Frame, 'opcode' | 'payload'>): string {
  return `${opcode}: ${toHex(payload)}`
}

/** The frames that were written, read apart from the code under test. @throws Error when they are none. */
function writtenFrames(wire: Uint8Array, masked: boolean): Frame[] {
  const frames = framesOf(wire)
  const wrong = frames.find((frame) => frame.extendedSize === 8 || frame.end > wire.length || frame.masked !== masked)
  if (wrong !== undefined) throw new Error(`What was written is no frame at ${wrong.at}: ${toHex(wire)}`)
  return frames
}
