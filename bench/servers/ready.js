// What every server here is told, and tells. It runs on Node, Bun and Deno.
import process from 'node:process'

/** `deflate`: whether messages are compressed. */
export const settings = JSON.parse(process.argv[2] ?? '{}')

/** Tells whoever started this server that it listens. */
export function ready(port) {
  console.log(JSON.stringify({ port }))
}
