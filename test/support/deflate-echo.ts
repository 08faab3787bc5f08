// Everything that goes through permessage-deflate between us and somebody else: what is sent, how it must look on the
// wire, and how two endpoints come together with a tap between them. One of us sends, the other sends it back.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, type ConnectOptions, connect, type ServeOptions } from '../../src/node.ts'
import { assertSame, MIB } from './echo.ts'
import { started } from './server.ts'
import { type Tap, tapped, type WireLog } from './tap.ts'
import { utf8 } from './wire.ts'

/** The defaults, as they stand in a header. */
export const DEFAULT_PARAMETERS =
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover; ' +
  'server_max_window_bits=12; client_max_window_bits=12'

/** The offers of a client of ours with the defaults. */
export const DEFAULT_OFFERS =
  `${DEFAULT_PARAMETERS}, permessage-deflate; client_no_context_takeover; client_max_window_bits=12, ` +
  'permessage-deflate; client_no_context_takeover; client_max_window_bits'

/** Options under which nobody forgets anything. */
export const TAKEOVER = { serverNoContextTakeover: false, clientNoContextTakeover: false } as const

/** The same, and windows of the largest size: the parameters are none. */
export const LARGEST = { ...TAKEOVER, serverMaxWindowBits: 15, clientMaxWindowBits: 15 } as const

// --- what is sent -----------------------------------------------------------------------------------------------------

/** A message, and how many bytes it may take when it is compressed. */
export interface Payload {
  readonly name: string
  readonly data: string | Uint8Array
  readonly most: number
  readonly least?: number
}

export function bytesIn(data: string | Uint8Array): number {
  return typeof data === 'string' ? utf8(data).length : data.length
}

function payload(name: string, data: string | Uint8Array, most: number): Payload {
  return { name, data, most: Math.ceil(most) + 32 }
}

function json(bytes: number): Payload {
  const records = Array.from({ length: Math.ceil(bytes / 40) }, (_, id) => ({
    id,
    name: `user ${(id * 7919) % 1000}`,
    tags: ['a', 'bc'],
  }))
  const data = JSON.stringify(records).slice(0, bytes)
  assert.equal(data.length, bytes)
  return payload(`JSON of ${bytes}`, data, bytes < 1_000 ? bytes : bytes / 3)
}

function text(characters: number): Payload {
  const data = 'Grüße, мир, 世界 😀. '.repeat(Math.ceil(characters / 19)).slice(0, characters)
  return payload(`text of ${characters}`, data, bytesIn(data) / 3)
}

function zeros(bytes: number): Payload {
  return payload(`zeros of ${bytes}`, new Uint8Array(bytes), bytes / 50)
}

/** Bytes without any repetition, the same in each run. */
export function randomBytes(length: number, seed = 1): Uint8Array {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  })
}

function random(bytes: number): Payload {
  return payload(`random bytes of ${bytes}`, randomBytes(bytes), bytes * 1.04)
}

/** Of every kind, and every length that something depends on; the last of them are large. */
export const PAYLOADS: readonly Payload[] = [
  payload('no text', '', 0),
  payload('no bytes', new Uint8Array(0), 0),
  payload('one character', '€', 3),
  json(120),
  json(1_023),
  json(1_024),
  json(1_025),
  text(5_000),
  random(1),
  random(1_000),
  random(65_535),
  random(65_536),
  random(100_000),
  zeros(65_535),
  zeros(65_536),
  zeros(131_072),
  json(100_000),
  payload('no text again', '', 0),
  json(65_536),
  text(2_000_000),
  json(4 * MIB),
  random(4 * MIB),
  zeros(4 * MIB),
]

export const SMALL_PAYLOADS = PAYLOADS.filter(({ data }) => data.length <= 131_072)

/** Bytes without any repetition but that of all of them, again and again. */
function periodic(period: number): Uint8Array {
  const once = randomBytes(period, period)
  return Uint8Array.from({ length: 6 * period }, (_, i) => once[i % period]!)
}

/**
 * What shows on the wire how large the window of a sender is, and whether it remembers: repetitions that the window
 * reaches, others that it does not reach, and a message twice that repeats nothing by itself.
 */
export function probes(windowBits: number, noContextTakeover: boolean): Payload[] {
  // zlib leaves 262 bytes of a window unused, and what Deno has in its place some more.
  const near = periodic(Math.min(Math.floor(2 ** windowBits * 0.6), 2 ** windowBits - 384))
  const far = periodic(Math.ceil(2 ** windowBits * 1.2))
  const once = randomBytes(200, 42)
  return [
    { name: 'repetitions in reach', data: near, most: near.length / 2 },
    { name: 'repetitions out of reach', data: far, most: far.length * 1.05, least: far.length * 0.95 },
    { name: 'a first time', data: once, most: 220, least: 195 },
    { name: 'a second time', data: once, ...(noContextTakeover ? { most: 220, least: 195 } : { most: 50 }) },
  ]
}

// --- what it looks like on the wire -----------------------------------------------------------------------------------

/** Which messages an endpoint compresses, by their length. */
export type Rule = (bytes: number) => boolean

export const always: Rule = () => true
export const never: Rule = () => false

export function from(thresholdBytes: number): Rule {
  return (bytes) => bytes >= thresholdBytes
}

/** Checks that these messages passed in one direction, each of them compressed or not as it must be. */
export function assertPassed(log: WireLog, payloads: readonly Payload[], isCompressed: Rule): void {
  assert.deepEqual(log.strayBits, [])
  const expected = payloads.map(({ name, data }) => {
    const type = typeof data === 'string' ? 'text' : 'binary'
    return `${name}: ${type}, ${isCompressed(bytesIn(data)) ? 'compressed' : 'as it is'}`
  })
  const seen = log.messages.map(
    ({ type, compressed }, i) => `${payloads[i]?.name}: ${type}, ${compressed ? 'compressed' : 'as it is'}`,
  )
  assert.deepEqual(seen, expected)
  payloads.forEach(({ name, data, most, least = 0 }, i) => {
    const { compressed, payloadBytes } = log.messages[i]!
    if (!compressed) assert.equal(payloadBytes, bytesIn(data), name)
    else assert.ok(payloadBytes <= most && payloadBytes >= least, `${name}: ${payloadBytes} bytes, at most ${most}`)
  })
}

// --- who meets whom ---------------------------------------------------------------------------------------------------

/** A connection of ours, what was said to open it, and what passed. */
export interface Meeting {
  readonly connection: Connection
  readonly offer: string | undefined
  readonly answer: string | undefined
  readonly fromClient: WireLog
  readonly fromServer: WireLog
}

const LIMITS = { maxMessageBytes: 16 * MIB, maxBufferedBytes: 64 * MIB } as const
const ANSWER_TIMEOUT_MS = 5_000

/** Sends every message to a peer that sends everything back, one after the other; compares; and closes. */
async function exchange(connection: Connection, payloads: readonly Payload[]): Promise<void> {
  const messages = connection.messages()
  for (const { name, data } of payloads) {
    await connection.send(data)
    const answer = await Promise.race([messages.next(), delay(ANSWER_TIMEOUT_MS, undefined, { ref: false })])
    if (answer === undefined) connection.terminate()
    assert.ok(answer !== undefined, `${name} did not come back`)
    const { error } = answer.done === true ? await connection.closed : { error: undefined }
    assert.ok(answer.done !== true, `${name} ended the connection: ${error?.message}`)
    assertSame(answer.value, data)
  }
  const { code, wasClean } = await connection.close(1000)
  assert.deepEqual([code, wasClean], [1000, true])
}

function meeting(connection: Connection, { connections }: Tap): Meeting {
  const opened = connections.find(({ fromServer }) => fromServer.field('Upgrade') !== undefined)!
  const { fromClient, fromServer } = opened
  return { connection, offer: fromClient.extensions, answer: fromServer.extensions, fromClient, fromServer }
}

/**
 * Our server, and a client that sends back what it is sent.
 *
 * @param start Brings the client; a promise that is rejected says that it does not come.
 */
export async function meetEchoingClient(
  t: TestContext,
  options: ServeOptions,
  payloads: readonly Payload[],
  start: (port: number) => void | Promise<never>,
): Promise<Meeting> {
  let arrived!: (connection: Connection) => void
  const arrival = new Promise<Connection>((resolve) => {
    arrived = resolve
  })
  const { port } = await started(t, { limits: LIMITS, ...options }, (connection) => arrived(connection))
  const tap = await tapped(t, port)
  const connection = await Promise.race([arrival, start(tap.port) ?? arrival])
  await exchange(connection, payloads)
  return meeting(connection, tap)
}

/** Our client, and a server that sends back what it is sent. */
export async function meetEchoingServer(
  t: TestContext,
  options: ConnectOptions,
  payloads: readonly Payload[],
  port: number,
): Promise<Meeting> {
  const tap = await tapped(t, port)
  const connection = await connect(`ws://127.0.0.1:${tap.port}/`, { limits: LIMITS, ...options })
  await exchange(connection, payloads)
  return meeting(connection, tap)
}

/** A program that talks to us, until the test is over. @returns what is rejected when it ends. */
export function startClientProgram(t: TestContext, program: string, args: readonly string[]): Promise<never> {
  const { ended } = startProgram(t, program, args)
  return ended
}

/** A program that serves until the test is over, and prints its port. */
export async function startServerProgram(t: TestContext, program: string, args: readonly string[]): Promise<number> {
  const { child, ended } = startProgram(t, program, args)
  const [line] = await Promise.race([once(child.stdout, 'data'), ended])
  return Number(String(line))
}

function startProgram(t: TestContext, program: string, args: readonly string[]) {
  const child = spawn(program, args)
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('close', (code) => reject(new Error(`${program} has ended with ${code}: ${stderr}`)))
  })
  ended.catch(() => {})
  return { child, ended }
}
