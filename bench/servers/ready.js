// What every server here is told, and tells. It runs on Node, Bun and Deno.
import process from 'node:process'
import { createInterface } from 'node:readline'

/**
 * `deflate`: whether messages are compressed. `burst`: how many times a message is broadcast, where it is not echoed.
 * `prepared`: whether it is prepared once for that.
 */
export const settings = { deflate: false, burst: 0, prepared: false, ...JSON.parse(process.argv[2] ?? '{}') }

/** What the process holds once all garbage is collected. */
export async function held() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50)) // what is free is given back by other threads
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed, external }
}

/** Answers every line of the input with one of JSON, and ends with whoever started this. */
export function answerLines(answer) {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', async (line) => console.log(JSON.stringify(await answer(line))))
  lines.on('close', () => process.exit())
}

/** Tells whoever started this server that it listens, and what it holds, as often as it is asked. */
export function ready(port) {
  answerLines(held)
  console.log(JSON.stringify({ port }))
}
