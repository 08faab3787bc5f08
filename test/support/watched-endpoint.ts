// A program: servers and clients that watch the process they run in, its memory and the turns of its event loop. Its
// parent tells it what to do, see `watched.ts`.

import { randomFillSync } from 'node:crypto'
import { type Connection, connect, serve } from '../../src/node.ts'
import { liveBufferBytes } from './memory.ts'
import { obey } from './ordered-process.ts'
import type { Answers, Orders, PayloadKind, Reading, Seen } from './watched.ts'
import { openStreams } from './zlib-streams.ts'

// --- watching --------------------------------------------------------------------------------------------------------

const COLLECT_EVERY_MS = 50

let collects = false
let collectedAt = 0
let bufferBytesAtStart = 0
let mostBufferBytes = 0
let residentAtStart = 0
let mostResident = 0
let everMostResidentAtStart = 0
let longestTurnMs = 0
let turnStartedAt = 0
let cpuMsAtTurn = 0

let messages = 0
let messageBytes = 0
const endings = new Map<string, number>()

/** What this process has worked, on all its threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** The most memory that was ever resident, as the system counts it: it misses nothing between two looks at it. */
function everMostResident(): number {
  return process.resourceUsage().maxRSS * 1_024
}

/**
 * A turn of the event loop took the time that passed since the last one, or less, when the process did not work for all of
 * it: others had the processor then.
 */
function endTurn(): void {
  const turnMs = Math.min(performance.now() - turnStartedAt, cpuMs() - cpuMsAtTurn)
  longestTurnMs = Math.max(longestTurnMs, turnMs)
  mostResident = Math.max(mostResident, process.memoryUsage.rss())
  if (collects && performance.now() - collectedAt >= COLLECT_EVERY_MS) {
    mostBufferBytes = Math.max(mostBufferBytes, liveBufferBytes())
    collectedAt = performance.now()
  }
  startTurn()
}

function startTurn(): void {
  turnStartedAt = performance.now()
  cpuMsAtTurn = cpuMs()
}

setInterval(endTurn, 1).unref()

function settled(): Promise<void> {
  liveBufferBytes()
  return new Promise((resolve) => setTimeout(resolve, 50))
}

async function seen(): Promise<Seen> {
  await new Promise((resolve) => setTimeout(resolve, 5)) // this turn is over then, and counts
  const everMost = everMostResident()
  const most = everMost > everMostResidentAtStart ? Math.max(everMost, mostResident) : mostResident
  return {
    grownBytes: most - residentAtStart,
    heldBytes: mostBufferBytes - bufferBytesAtStart,
    longestTurnMs,
    messages,
    messageBytes,
    endings: [...endings],
  }
}

// --- endpoints -------------------------------------------------------------------------------------------------------

const connections = new Set<Connection>()

function hold(connection: Connection): void {
  connections.add(connection)
  void connection.closed.then(({ code, sentCode, error }) => {
    connections.delete(connection)
    const how = error === undefined ? `${sentCode ?? code}` : `${sentCode ?? code} ${error.code}`
    endings.set(how, (endings.get(how) ?? 0) + 1)
  })
}

function count(message: string | Uint8Array): void {
  messages++
  messageBytes += message.length
}

async function read(connection: Connection, reading: Reading): Promise<void> {
  if (reading === 'nobody') return
  if (reading === 'pieces') {
    for await (const message of connection.messages({ pieces: true })) {
      let text = ''
      if (message.type === 'text') for await (const piece of message) text += piece
      else for await (const piece of message) count(piece)
      if (message.type === 'text') void connection.send(text)
    }
    return
  }
  connection.onMessage((message) => {
    if (typeof message === 'string') connections.delete(connection)
    if (typeof message === 'string' || reading === 'echo') void connection.send(message)
    else count(message)
  })
}

const RECORD = new TextEncoder().encode(JSON.stringify({ id: 4711, name: 'somebody', tags: ['new', 'old'], at: 1e12 }))

function payloadOf(kind: PayloadKind, length: number): Uint8Array {
  const made = new Uint8Array(length)
  if (kind === 'noise') {
    for (let at = 0; at < length; at += 65_536) randomFillSync(made, at, Math.min(65_536, length - at))
  } else if (kind === 'records') {
    // The same again and again, but for a byte here and there.
    for (let at = 0; at < length; at++) made[at] = RECORD[at % RECORD.length]! ^ (at % 37 === 0 ? at & 0x0f : 0)
  }
  return made
}

const AT_ONCE = 50 // connections that are opened at the same time

let payload: Uint8Array = new Uint8Array(0)

obey<Orders, Answers>({
  async serve({ options, reading }) {
    const { url } = await serve(options, (connection) => {
      hold(connection)
      return read(connection, reading)
    })
    return url
  },

  async connect({ url, options, count: howMany }) {
    for (let opened = 0; opened < howMany; opened += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, howMany - opened) }, () => connect(url, options))
      for (const connection of await Promise.all(some)) {
        hold(connection)
        connection.onMessage(count)
      }
    }
  },

  prepare({ kind, bytes }) {
    payload = payloadOf(kind, bytes)
  },

  async send({ together }) {
    const sent: Promise<void>[] = []
    for (const connection of connections) {
      if (connection.readyState === 'open') sent.push(connection.send(payload, { compress: true }))
      if (!together) await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.allSettled(sent)
  },

  async terminate() {
    const ended = [...connections].map(({ closed }) => closed)
    for (const connection of connections) connection.terminate()
    await Promise.all(ended)
  },

  async watch({ collect }) {
    await settled()
    collects = collect
    bufferBytesAtStart = liveBufferBytes()
    mostBufferBytes = bufferBytesAtStart
    everMostResidentAtStart = everMostResident()
    residentAtStart = process.memoryUsage.rss()
    mostResident = residentAtStart
    messages = 0
    messageBytes = 0
    endings.clear()
    longestTurnMs = 0
    startTurn()
  },

  seen,

  async held() {
    await settled()
    const bufferBytes = liveBufferBytes()
    return { residentBytes: process.memoryUsage.rss(), bufferBytes, openStreams: openStreams() }
  },
})
