// One stream, one end, one way: whatever is told and sent when the bytes come whole is told and sent however they are cut.

import type { SeededRandom } from '../support/random.ts'
import type { SessionSubject } from '../support/session-subject.ts'
import { toHex } from '../support/wire.ts'
import { ChunkMemory, type Cuts, everyByte, everyThree, everyTwo, someCuts, someThree, someTwo } from './chunks.ts'
import { Recording } from './recording.ts'
import { wireOf } from './streams.ts'
import { type Course, WAYS, type Way } from './ways.ts'

const memory = new ChunkMemory()

/** Something that depends on where bytes were cut. */
export class Difference extends Error {}

/** Which cuts are tried of a course; with `Infinity` all that there are. */
export interface Extent {
  /** Of the cuts in two, so many, each in one of the ways by turns. `Infinity`: all, in every way. */
  readonly inTwo: number
  /** The same for cuts in three. `Infinity`: all, in each of the principal ways, and in one of the others by turns. */
  readonly inThree: number
  /** Any cuts, empty chunks included, in one of the ways by turns; the first are those between all bytes. */
  readonly random: number
}

/** The ways that everything else is a variation of: all cuts in three go each of them. */
const PRINCIPAL: ReadonlySet<string> = new Set([
  'messages',
  'messages as strings, in memory that is taken back',
  'raw pieces',
  'a connection with a listener',
])

interface Expected {
  readonly way: Way
  readonly whole: Recording
}

/** A course, and what is expected of each way to go it. */
export class Comparison {
  readonly course: Course
  readonly wire: Uint8Array
  runs = 0
  readonly #subject: SessionSubject
  readonly #wholes = new Map<Way, Recording>()
  readonly #actual = { plain: new Recording(), raw: new Recording(true) }

  constructor(subject: SessionSubject, course: Course) {
    this.#subject = subject
    this.course = course
    this.wire = wireOf(course.stream, course.role, course.compression)
  }

  get ways(): readonly Way[] {
    return WAYS.filter(({ excludes }) => excludes?.(this.course) !== true)
  }

  /** What is told of the bytes when they come whole. */
  whole(way: Way): Recording {
    let recording = this.#wholes.get(way)
    if (recording === undefined) {
      recording = new Recording(way.shape === 'raw pieces')
      this.#run(way, [], recording)
      this.#wholes.set(way, recording)
    }
    return recording
  }

  /** @throws Difference when ways of one shape do not tell the same of the bytes when they come whole. */
  compareWays(): void {
    const first = new Map<string, readonly [Way, Recording]>()
    for (const way of this.ways) {
      const whole = this.whole(way)
      const [otherWay, other] = first.get(way.shape) ?? []
      if (other === undefined) first.set(way.shape, [way, whole])
      else if (!whole.equals(other))
        throw this.#difference(way, [], whole, other, `what the way "${otherWay!.name}" tells`)
    }
  }

  /** @throws Difference when cuts make one. */
  compareCuts({ inTwo: two, inThree: three, random: any }: Extent, random: SeededRandom): void {
    const { length } = this.wire
    const all = this.ways.map((way): Expected => ({ way, whole: this.whole(way) }))
    const principal = all.filter(({ way }) => PRINCIPAL.has(way.name))
    const others = all.filter(({ way }) => !PRINCIPAL.has(way.name))
    let turn = random.below(all.length)
    const inTurn = (ways: readonly Expected[], cuts: Cuts) => this.#compareWith([ways[turn++ % ways.length]!], cuts)

    if (two === Number.POSITIVE_INFINITY) for (const cuts of everyTwo(length)) this.#compareWith(all, cuts)
    else for (const cuts of someTwo(random, length, two)) inTurn(all, cuts)
    if (three === Number.POSITIVE_INFINITY) {
      for (const cuts of everyThree(length)) {
        this.#compareWith(principal, cuts)
        inTurn(others, cuts)
      }
    } else {
      for (let i = 0; i < three; i++) inTurn(all, someThree(random, length))
    }
    for (let i = 0; i < any; i++) inTurn(all, i === 0 ? everyByte(length) : someCuts(random, length))
  }

  #compareWith(expected: readonly Expected[], cuts: Cuts): void {
    for (const { way, whole } of expected) this.compare(way, cuts, whole)
  }

  /** @throws Difference when these cuts make one. */
  compare(way: Way, cuts: Cuts, whole = this.whole(way)): void {
    if (this.#recordingOf(way, cuts).equals(whole)) return
    const fewest = this.#fewest(way, cuts, whole)
    throw this.#difference(way, fewest, this.#recordingOf(way, fewest), whole, 'what is told when they come whole')
  }

  #recordingOf(way: Way, cuts: Cuts): Recording {
    const recording = way.shape === 'raw pieces' ? this.#actual.raw : this.#actual.plain
    recording.clear()
    this.#run(way, cuts, recording)
    return recording
  }

  /** The cuts without those that it does not take to make the difference. */
  #fewest(way: Way, cuts: Cuts, whole: Recording): Cuts {
    let fewest = [...cuts]
    for (let i = cuts.length - 1; i >= 0; i--) {
      const without = fewest.toSpliced(i, 1)
      if (!this.#recordingOf(way, without).equals(whole)) fewest = without
    }
    return fewest
  }

  #run(way: Way, cuts: Cuts, recording: Recording): void {
    this.runs++
    memory.layOut(this.wire, cuts)
    try {
      way.run(this.#subject, this.course, memory, recording)
    } catch (error) {
      recording.state(`threw ${error}`)
      throw this.#difference(way, cuts, recording, recording, 'that, with nothing thrown')
    }
    if (!memory.isIntact)
      throw this.#difference(way, cuts, recording, recording, 'that, with nothing written beside a chunk')
  }

  #difference(way: Way, cuts: Cuts, actual: Recording, expected: Recording, what: string): Difference {
    const { stream, role, compression } = this.course
    return new Difference(
      [
        `"${stream.name}" (${compression}) to a ${role}, ${way.name}, cut at ${cuts.join() || 'no place'}:`,
        `  ${chunksOf(this.wire, cuts).map(toHex).join(' | ')}`,
        ...actual.toLines().map((line) => `  ${line}`),
        `and not ${what}:`,
        ...expected.toLines().map((line) => `  ${line}`),
        `Again: node dist/test/equivalence/main.js --stream="${stream.name}" --role=${role} --compression=${compression}` +
          ` --way="${way.name}" --cuts=${cuts.join() || '-'}`,
      ].join('\n'),
    )
  }
}

function chunksOf(wire: Uint8Array, cuts: Cuts): Uint8Array[] {
  return [...cuts, wire.length].map((end, i) => wire.subarray(cuts[i - 1] ?? 0, end))
}
