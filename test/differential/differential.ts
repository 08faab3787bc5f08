// Stream after stream through our engine and through its peers, and what came of it: verdicts counted, disagreements
// counted by their entry in the list, and those that no entry explains kept with what it takes to see them again.

import { toHex } from '../support/wire.ts'
import { Comparison, type PeerName } from './comparison.ts'
import { DISAGREEMENTS, type Disagreement } from './disagreements.ts'
import type { Answers, Outcome, Subject, Told } from './outcome.ts'
import { generateStream, type Stream, streamRandom } from './streams.ts'

export interface Run {
  readonly seed: number
  /** The number of the first stream. */
  readonly first: number
  readonly streams: number
  readonly engine: Subject
  readonly peers: ReadonlyMap<PeerName, Subject>
  /** After so many kinds of unexplained disagreements the run ends. */
  readonly mostKinds: number
}

/** Disagreements of one kind that no entry of the list explains, by the first of them. */
export interface Unexplained {
  readonly number: number
  readonly comparison: Comparison
  times: number
}

export interface Findings {
  streams: number
  compressed: number
  mutated: number
  bytes: number
  /** How many streams had which outcome, by subject. */
  readonly verdicts: Map<string, Map<string, number>>
  readonly explained: Map<Disagreement, number>
  readonly unexplained: Map<string, Unexplained>
}

// What other threads work on at once; more is only more memory.
const MOST_WAITING = 8

// Nothing that inflates a few hundred bytes needs this long.
const STUCK_MS = 5_000

export async function run(options: Run): Promise<Findings> {
  const { seed, first, streams, engine, peers } = options
  const findings: Findings = {
    streams: 0,
    compressed: 0,
    mutated: 0,
    bytes: 0,
    verdicts: new Map(),
    explained: new Map(),
    unexplained: new Map(),
  }
  const waiting = new Set<Promise<void>>()
  for (let number = first; number < first + streams; number++) {
    if (findings.unexplained.size >= options.mostKinds) break
    const stream = generateStream(streamRandom(seed, number))
    const taken = (subject: Subject): ReturnType<Subject> => {
      try {
        return subject(stream)
      } catch (cause) {
        throw new Error(`A subject threw; again: ${replayCommand(seed, number)}`, { cause })
      }
    }
    const ours = taken(engine) as Outcome
    count(findings, stream)
    countVerdict(findings, 'wspc', ours)
    for (const [name, peer] of peers) {
      const outcome = taken(peer)
      if (!(outcome instanceof Promise)) {
        judge(findings, number, new Comparison(stream, name, ours, outcome))
        continue
      }
      const judged = settled(outcome).then((theirs) => {
        judge(findings, number, new Comparison(stream, name, ours, theirs))
        waiting.delete(judged)
      })
      waiting.add(judged)
      if (waiting.size >= MOST_WAITING) await Promise.race(waiting)
    }
  }
  await Promise.all(waiting)
  return findings
}

/** What comes of it, or that nothing does. */
function settled(outcome: Promise<Outcome>): Promise<Outcome> {
  return new Promise((resolve) => {
    const stuck = { told: [], answers: undefined, verdict: 'stuck', code: 0, reason: '', at: 0, error: '' } as const
    const timer = setTimeout(() => resolve(stuck), STUCK_MS)
    outcome.then((theirs) => {
      clearTimeout(timer)
      resolve(theirs)
    })
  })
}

function count(findings: Findings, stream: Stream): void {
  findings.streams++
  findings.bytes += stream.bytes.length
  if (stream.deflate !== undefined) findings.compressed++
  if (stream.mutations.length > 0) findings.mutated++
}

function countVerdict(findings: Findings, name: string, outcome: Outcome): void {
  const counts = findings.verdicts.get(name) ?? new Map<string, number>()
  findings.verdicts.set(name, counts)
  const key = verdictOf(outcome)
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function verdictOf({ verdict, code, error }: Outcome): string {
  if (verdict !== 'failed') return verdict
  return /^[A-Z0-9_]+$/.test(error) ? `failed ${code} ${error}` : `failed ${code}`
}

function judge(findings: Findings, number: number, comparison: Comparison): void {
  countVerdict(findings, comparison.peer, comparison.theirs)
  if (comparison.agrees) return
  const entry = DISAGREEMENTS.find(({ peers, applies }) => peers.includes(comparison.peer) && applies(comparison))
  if (entry !== undefined) {
    findings.explained.set(entry, (findings.explained.get(entry) ?? 0) + 1)
    return
  }
  const known = findings.unexplained.get(comparison.signature)
  if (known === undefined) findings.unexplained.set(comparison.signature, { number, comparison, times: 1 })
  else known.times++
}

// --- reports --------------------------------------------------------------------------------------------------------------

const MOST_SHOWN_BYTES = 400

function replayCommand(seed: number, number: number): string {
  return `node dist/test/differential/main.js --seed=${seed} --first=${number} --streams=1`
}

/** All that it takes to see a disagreement again, and to judge it. */
export function formatUnexplained({ number, comparison, times }: Unexplained, seed: number): string {
  const { stream, peer, ours, theirs } = comparison
  const { bytes } = stream
  const shown = bytes.length > MOST_SHOWN_BYTES ? `${toHex(bytes.subarray(0, MOST_SHOWN_BYTES))} …` : toHex(bytes)
  const deflate = stream.deflate && `, deflate ${JSON.stringify(stream.deflate)}`
  return [
    `Stream ${number} to a ${stream.role}: wspc and ${peer} disagree, and no entry of the list explains it`,
    `  kind:    ${comparison.signature}; ${times} such`,
    `  again:   ${replayCommand(seed, number)} --peers=${peer}`,
    `  stream:  ${bytes.length} bytes, messages up to ${stream.maxMessageBytes}${deflate ?? ''}`,
    `  damage:  ${stream.mutations.join(', ') || 'none'}`,
    `  chunks:  ${stream.chunkLengths.join(' ')}`,
    `  bytes:   ${shown}`,
    ...comparison.frames.map((frame, i) => {
      const { at, fin, reservedBits, opcode, masked, extendedSize, length } = frame
      const bits = `${fin ? 'FIN ' : ''}${reservedBits === 0 ? '' : `RSV ${reservedBits} `}${masked ? 'masked ' : ''}`
      return `  frame ${i}: at ${at}, ${bits}opcode ${opcode}, length ${length} in ${extendedSize}`
    }),
    `  wspc:    ${formatOutcome(ours, comparison.ourFrame)}`,
    `  ${peer}: ${formatOutcome(theirs, comparison.theirFrame)}`,
  ].join('\n')
}

function formatOutcome({ told, answers, verdict, code, reason, error }: Outcome, frame: number): string {
  const end = verdict === 'open' ? 'open' : `${verdict} ${code} in frame ${frame} ${error} ${JSON.stringify(reason)}`
  return `${end}; told ${told.map(formatTold).join(', ') || 'nothing'}; ${formatAnswers(answers)}`
}

function formatAnswers(answers: Answers | undefined): string {
  if (answers === undefined) return 'sends nothing'
  return `sent pongs [${answers.pongs.map(toShortHex).join(', ')}], Close ${answers.closeCode ?? 'none'}`
}

function formatTold({ kind, payload }: Told): string {
  return `${kind} [${toShortHex(payload)}]`
}

function toShortHex(bytes: Uint8Array): string {
  return bytes.length > 40 ? `${toHex(bytes.subarray(0, 40))} … ${bytes.length} bytes` : toHex(bytes)
}

/** The entries about these peers that no stream was of. */
export function staleEntries({ explained }: Findings, peers: Run['peers']): Disagreement[] {
  return DISAGREEMENTS.filter((entry) => !explained.has(entry) && entry.peers.some((name) => peers.has(name)))
}

/** The verdicts of all subjects: what the streams reach. */
export function formatVerdicts({ verdicts }: Findings): string {
  return [...verdicts].map(([name, counts]) => [name, ...countedRows(counts)].join('\n')).join('\n')
}

/** How often each entry of the list explained a disagreement. */
export function formatDisagreements({ explained }: Findings): string {
  const counts = new Map(
    [...explained].map(([{ right, text, rule }, times]) => [`${text} Right: ${right}. ${rule}.`, times]),
  )
  return ['disagreements', ...countedRows(counts)].join('\n')
}

function countedRows(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].sort(([, a], [, b]) => b - a).map(([name, times]) => `${String(times).padStart(9)}  ${name}`)
}
