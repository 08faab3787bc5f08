// The program of the server that is measured. It does what `orders.ts` says, and looks at its own memory meanwhile.

import type { Server } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { liveBufferBytes } from '../support/memory.ts'
import { obey } from '../support/ordered-process.ts'
import { Tally } from './application.ts'
import type { ServerAnswers, ServerOrders } from './orders.ts'
import { SUBJECTS } from './subjects.ts'

const LOOK_EVERY_MS = 10
const COLLECT_EVERY_MS = 100

const tally = new Tally()
let server: Server | undefined
let leakWatch: { grown(settleMs: number): Promise<readonly string[]> } | undefined

let residentAtStart = 0
let heldAtStart = 0
let mostResident = 0
let mostResidentBefore = 0

let mostHeld = 0
let collects = false
let collectedAt = 0

function look(): void {
  mostResident = Math.max(mostResident, process.memoryUsage.rss())
  if (!collects || performance.now() - collectedAt < COLLECT_EVERY_MS) return
  mostHeld = Math.max(mostHeld, held().heldBytes)
  collectedAt = performance.now()
}

/** What is held when garbage is collected. */
function held(): { heldBytes: number; heapBytes: number } {
  const buffers = liveBufferBytes()
  const { heapUsed } = process.memoryUsage()
  return { heldBytes: heapUsed + buffers, heapBytes: heapUsed }
}

/** The same, once what was closed in one turn is told in another. */
async function settled(): Promise<{ heldBytes: number; heapBytes: number }> {
  await new Promise((resolve) => setTimeout(resolve, 25))
  return held()
}

obey<ServerOrders, ServerAnswers>({
  async start({ subject, options, tls }) {
    setInterval(look, LOOK_EVERY_MS).unref()
    server = await SUBJECTS[subject]({ ...options, ...(tls ? { tls: { key, cert: certificate } } : {}) }, tally)
    return server.port
  },

  async watch() {
    heldAtStart = (await settled()).heldBytes
    residentAtStart = process.memoryUsage.rss()
    mostResident = residentAtStart
    mostResidentBefore = residentAtStart
    tally.messages = 0
    tally.messageBytes = 0
    tally.mostBufferedBytes = 0
    tally.endings.clear()
  },

  watchOn({ collect }) {
    look()
    collects = collect
    mostHeld = heldAtStart
    mostResidentBefore = mostResident
    tally.messages = 0
    tally.messageBytes = 0
    tally.endings.clear()
  },

  async seen() {
    look()
    const { messages, messageBytes, mostBufferedBytes, endings, kept } = tally
    const mostGrownBytes = mostResident - residentAtStart
    const { heldBytes, heapBytes } = await settled()
    return {
      mostGrownBytes,
      furtherGrownBytes: mostResident - mostResidentBefore,
      mostHeldBytes: Math.max(mostHeld, heldBytes) - heldAtStart,
      grownBytes: process.memoryUsage.rss() - residentAtStart,
      heldBytes: heldBytes - heldAtStart,
      heapBytes,
      connections: server!.connections.size,
      messages,
      messageBytes,
      kept: kept.length,
      mostBufferedBytes,
      endings,
    }
  },

  async drained({ connections, withinMs }) {
    const until = performance.now() + withinMs
    while (server!.connections.size > connections && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return server!.connections.size
  },

  // It follows every resource of the runtime, which takes its time: only who asks for it has it.
  async watchLeaks() {
    const { LeakWatch } = await import('../support/leaks.ts')
    leakWatch = await LeakWatch.begin({ connections: () => server!.connections.size })
  },

  leaks: ({ settleMs }) => leakWatch!.grown(settleMs),
})
