// Attempts of a client that fail, raw servers that answer it, and what an attempt may leave behind.

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { acceptValue } from '../../src/handshake/index.ts'
import { type ConnectOptions, connect, type HandshakeError } from '../../src/node.ts'
import { lines } from './http.ts'
import { type RawPeer, type RawServer, rawServer } from './sockets.ts'

export const SWITCHING = lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade')

/** The response that accepts a request. */
export function acceptance(peer: Pick<RawPeer, 'text'>): string {
  const requestKey = /Sec-WebSocket-Key: (.*)\r\n/.exec(peer.text)?.[1] ?? ''
  return `${SWITCHING}Sec-WebSocket-Accept: ${acceptValue(requestKey)}\r\n\r\n`
}

/** A raw server that answers each request with what the test says; without a test's word, it accepts. */
export async function answering(
  t: TestContext,
  answer: (peer: RawPeer, request: string) => unknown = acceptance,
): Promise<RawServer & { readonly url: string }> {
  const server = await rawServer(async (peer) => {
    const request = await peer.head()
    const said = await answer(peer, request)
    if (typeof said === 'string') peer.say(said)
  })
  t.after(() => server.close())
  return { ...server, url: `ws://127.0.0.1:${server.port}/` }
}

/** What a failed attempt says. */
export async function failure(url: string | URL, options?: ConnectOptions): Promise<HandshakeError> {
  try {
    const connection = await connect(url, options)
    connection.terminate()
  } catch (error) {
    return error as HandshakeError
  }
  throw new assert.AssertionError({ message: 'It connected' })
}

/** Counts the listeners of a signal. */
export function watched(signal: AbortSignal): { readonly signal: AbortSignal; listeners(): number } {
  let count = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...parameters: Parameters<AbortSignal['addEventListener']>) => {
    count++
    addEventListener.apply(signal, parameters)
  }
  signal.removeEventListener = (...parameters: Parameters<AbortSignal['removeEventListener']>) => {
    count--
    removeEventListener.apply(signal, parameters)
  }
  return { signal, listeners: () => count }
}

/** Waits for something to become true: what takes long on a busy machine is not wrong. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2_000; i++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail(`It took too long: ${what}`)
}
