// The program of a client that has nothing to do with an attack: it sees how long its messages take meanwhile. It is `ws`,
// so that what is measured does not measure itself.

import { once } from 'node:events'
import { obey } from '../support/ordered-process.ts'
import { WebSocket } from '../support/ws.ts'
import type { Latencies, ObserverAnswers, ObserverOrders } from './orders.ts'

// Between an answer and the next message: people who chat do not hurry either, and it leaves the processor to others.
const PAUSE_MS = 2

let took: number[] = []

async function echoAgainAndAgain(socket: WebSocket): Promise<void> {
  for (;;) {
    const startedAt = performance.now()
    socket.send('still there?')
    await once(socket, 'message')
    took.push(performance.now() - startedAt)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

function summary(times: readonly number[]): Latencies {
  const sorted = times.toSorted((a, b) => a - b)
  const quantile = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0
  return { echoes: sorted.length, medianMs: quantile(0.5), p99Ms: quantile(0.99), mostMs: quantile(1) }
}

obey<ObserverOrders, ObserverAnswers>({
  async open({ port, path }) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false })
    await once(socket, 'open')
    void echoAgainAndAgain(socket)
  },

  latencies: () => summary(took),

  forget() {
    took = []
  },
})
