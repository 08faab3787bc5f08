// Reading into memory of our own. Node makes new memory for each read and gives it away; but what one connection has read
// is consumed before the next reads, so that all connections of a thread can share one piece of it. Node has this as the
// `onread` option of `net.connect`. Sockets that a server accepted have the same parts, without a documented way to them:
// it is looked whether all of them are there, and where one is missing, as in other runtimes, bytes come as `'data'` events.
// That is worth a fifth to a third of the echoes of 125 B, at one message in flight on each of 100 connections as at eight
// on each of 1,000, on Node 20; a sixth to a quarter on Node 24, where echoes of 1 MiB become twice as many.

import { Socket } from 'node:net'
import { viewAlways } from '../../codec/mask.ts'

/** What a socket of Node keeps of its `onread` option, under symbols that it does not export. */
interface SocketParts {
  readonly buffer: symbol
  readonly callback: symbol
}

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void
}

// What one read can give; all of it is handled before other sockets have their turn. With a mebibyte, echoes of 1 MiB are 1.6
// times as many. But while one client floods a server with small frames, the slowest hundredth of another's echoes take 60 to
// 90 ms then, and 25 with this.
const BUFFER_BYTES = 262_144

let buffer: Uint8Array | undefined
let parts: SocketParts | null | undefined

/**
 * Lends what arrives to `received`, which is called on the socket, as long as that is not paused; then it is kept as a
 * stream keeps it. Whoever reads this way listens to `'data'`, too: that is where what was kept comes, and everything where
 * nothing else is possible.
 *
 * @returns what makes a socket be read so, and says whether that is possible.
 */
export function sharedBufferReader(received: (this: Socket, bytes: Uint8Array) => void) {
  // What it returns says whether to go on reading, as for any stream that pushes. Node calls it on the socket: the same
  // function for all sockets.
  const read = function (this: Socket, length: number, lent: Uint8Array): boolean {
    if (this.readableFlowing !== true || this.readableLength > 0)
      return this.push(Buffer.from(lent.subarray(0, length)))
    received.call(this, lent.subarray(0, length))
    return true
  }
  return (socket: object): socket is Socket => {
    // Inside a write, a TLS socket may hand over what it has decrypted: then the bytes before would not be consumed yet.
    if (!(socket instanceof Socket) || 'encrypted' in socket) return false
    parts ??= findParts(socket)
    const handle = (socket as unknown as { _handle?: Handle | null })._handle
    if (parts === null || typeof handle?.useUserBuffer !== 'function') return false
    const fields = socket as unknown as Record<symbol, unknown>
    if (fields[parts.buffer] !== null) return false // it has been told already where to read
    buffer ??= createBuffer()
    handle.useUserBuffer(buffer)
    fields[parts.buffer] = buffer
    fields[parts.callback] = read
    return true
  }
}

function createBuffer(): Uint8Array {
  const memory = new Uint8Array(BUFFER_BYTES)
  viewAlways(memory)
  return memory
}

function findParts(socket: Socket): SocketParts | null {
  if (process.versions['bun'] !== undefined || 'Deno' in globalThis) return null
  const symbols = Object.getOwnPropertySymbols(socket)
  const [found, callback] = ['kBuffer', 'kBufferCb'].map((name) => symbols.find((it) => it.description === name))
  return found === undefined || callback === undefined ? null : { buffer: found, callback }
}
