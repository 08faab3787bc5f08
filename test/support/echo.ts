// The echo server and the echo client of the interoperation tests, on our side.

import assert from 'node:assert/strict'
import { type Connection, connect, type ServeOptions, type Server, serve } from '../../src/node.ts'

export const MIB = 1_048_576

/** Everything that an endpoint has to get through: every length form, text of every width, and large ones. */
export const PAYLOADS: readonly (string | Uint8Array)[] = [
  '',
  'a',
  'héllo € 😀',
  'x'.repeat(125),
  'x'.repeat(126),
  'é'.repeat(40_000),
  ...[0, 1, 125, 126, 65_535, 65_536, MIB].map(bytesOf),
  'x'.repeat(16 * MIB),
  bytesOf(16 * MIB),
]

export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) ^ (i >> 8))
}

/** Starts our server: it sends every message back, and closes with 4001 when asked to. */
export function startEchoServer(options: ServeOptions = {}): Promise<Server> {
  return serve({ limits: { maxMessageBytes: 16 * MIB }, ...options }, echo)
}

async function echo(connection: Connection): Promise<void> {
  for await (const message of connection) {
    if (message === 'close me') await connection.close(4001, 'as you wish')
    else await connection.send(message)
  }
}

/**
 * Takes our client through everything with an echo server that somebody else wrote. It must answer `close me` with
 * 4001, `fragments` with a message in three fragments, and `ping me` with a ping, and a message once its pong came.
 */
export async function talkToEchoServer(url: string): Promise<void> {
  const connection = await connect(url)
  const messages = connection.messages()
  const next = async (): Promise<string | Uint8Array> => (await messages.next()).value
  for (const payload of PAYLOADS) {
    await connection.send(payload)
    assertSame(await next(), payload)
  }
  await connection.send('fragments')
  assert.equal(await next(), 'fragmented €')
  assert.ok((await connection.ping('are you there')) >= 0)
  await connection.send('ping me')
  assert.equal(await next(), 'pong came')
  const closed = await connection.close(4000, 'done')
  // What code the answer has is the server's choice (RFC 6455 §5.5.1: it "typically echos" ours).
  assert.deepEqual([closed.sentCode, closed.wasClean, closed.initiator], [4000, true, 'local'])

  const other = await connect(url)
  await other.send('close me')
  const told = await other.closed
  assert.deepEqual([told.code, told.reason, told.wasClean, told.initiator], [4001, 'as you wish', true, 'remote'])
}

/** Compares without printing megabytes when it fails. */
export function assertSame(actual: string | Uint8Array, expected: string | Uint8Array): void {
  assert.equal(typeof actual, typeof expected)
  assert.equal(actual.length, expected.length)
  const same = typeof actual === 'string' ? actual === expected : Buffer.compare(actual, expected as Uint8Array) === 0
  assert.ok(same, `payload of ${expected.length} differs`)
}
