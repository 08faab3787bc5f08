// Clients that come and go, in every way there is, as fast as they can: nothing of them is left, however long it goes on.

import { type Figure, MIB, mebibytes, type Outcome } from './figures.ts'
import { AttackerProcess, ServerProcess } from './orders.ts'
import type { SubjectName } from './subjects.ts'

export interface ChurnScale {
  readonly seconds: number
  /** After each of so many the heap is looked at. */
  readonly parts: number
  /** How long what is left at the end has to go away. */
  readonly settleMs: number
  readonly warmUpSeconds: number
}

export const CHURN_BOUNDS = { heapBytes: MIB }

/** @param seed Draws where those that break off do so. */
export async function churn(subject: SubjectName, seed: number, scale: ChurnScale): Promise<Outcome> {
  await using server = new ServerProcess()
  await using clients = new AttackerProcess()
  const port = await server.tell('start', { subject, options: { limits: { closeTimeoutMs: 500 } }, tls: false })
  const where = { port, path: '/echo' }
  const { seconds, parts } = scale
  await clients.tell('churn', { ...where, ms: scale.warmUpSeconds * 1_000, seed })
  await server.tell('drained', { connections: 0, withinMs: 15_000 })
  await server.tell('watchLeaks', {})
  await server.tell('watch', {})
  const heaps: number[] = []
  let attempts = 0
  for (let part = 0; part < parts; part++) {
    attempts += await clients.tell('churn', { ...where, ms: (seconds * 1_000) / parts, seed: seed + 1 + part })
    await server.tell('drained', { connections: 0, withinMs: 15_000 })
    heaps.push((await server.tell('seen', {})).heapBytes)
  }
  const leaks = await server.tell('leaks', { settleMs: scale.settleMs })
  const { grownBytes, connections } = await server.tell('seen', {})
  // What is compiled meanwhile stays, most of it in the first parts.
  const half = parts / 2
  const growth = Math.min(...heaps.slice(half)) - Math.min(...heaps.slice(0, half))
  const figures: Figure[] = [
    { of: 'connections that came and went', value: attempts },
    { of: 'seconds', value: seconds },
    mebibytes('heap of the second half over that of the first', growth, CHURN_BOUNDS.heapBytes),
    mebibytes('growth at the end', grownBytes),
    { of: 'connections left', value: connections, most: 0 },
    { of: 'kinds of things left', value: leaks.length, most: 0 },
  ]
  const series = heaps.map((bytes) => (bytes / MIB).toFixed(2)).join(', ')
  return { figures, notes: [`the heap after each part: ${series} MiB`, ...leaks] }
}
