// What is promised: in a case of a benchmark, how many times as good one contestant is as another. The guard asks for
// half of some of that: below it something is broken, whatever else the machine is busy with.

const OVER_WS = { by: 'wspc', to: 'ws' }
const FACE = { benchmark: 'echo', by: 'wspc-ws', to: 'wspc', bar: 0.8 }

function echo(name, bar, more) {
  return { ...OVER_WS, benchmark: 'echo', case: name, bar, ...more }
}

function parsing(name, guarded = false) {
  return { ...OVER_WS, benchmark: 'micro', case: `parse ${name}`, bar: 4, guarded }
}

function memory(name) {
  return { ...OVER_WS, benchmark: 'idle', case: name, bar: 1 }
}

function compressed(name, bar) {
  const promise = { ...OVER_WS, benchmark: 'deflate', case: name, bar }
  return [promise, { ...promise, to: 'bun', bar: 1 }]
}

export const PROMISES = [
  // Not kept yet: what is asked for is half of what there is.
  echo('10 connections, 32 in flight, 125 B text', 20, { guarded: true, least: 6 }),
  echo('10 connections, 32 in flight, 125 B binary', 20),
  echo('1,000 connections, 8 in flight, 125 B text', 5),
  echo('100 connections, 1 in flight, 125 B text', 1.4),
  echo('100 connections, 1 in flight, 16 KiB binary', 1.5),
  echo('10 connections, 2 in flight, 1 MiB binary', 1.2),
  { ...FACE, case: '10 connections, 32 in flight, 125 B text' },
  { ...FACE, case: '1,000 connections, 8 in flight, 125 B text' },
  { ...FACE, case: '100 connections, 1 in flight, 125 B text' },
  { ...FACE, case: '100 connections, 1 in flight, 16 KiB binary' },
  { ...FACE, case: '10 connections, 2 in flight, 1 MiB binary' },
  parsing('16 B binary', true),
  parsing('125 B text to a string', true),
  parsing('1 KiB binary', true),
  parsing('1 KiB text to a string', true),
  parsing('1 KiB multi-byte text to a string'),
  parsing('16 KiB binary'),
  parsing('16 KiB text to a string', true),
  ...compressed('1 KiB JSON, 10 connections, 32 in flight', 4),
  ...compressed('1 KiB JSON, 100 connections, 1 in flight', 2),
  { ...OVER_WS, benchmark: 'broadcast', case: '16 × 125 B to 1,000 connections', bar: 20 },
  { ...OVER_WS, benchmark: 'broadcast', case: '1 KiB to 1,000 connections', bar: 1.3 },
  memory('server'),
  memory('server, after a message of 125 B'),
  memory('client'),
]

/** How much of a promise the guard asks for, unless it says itself what is the `least`. */
const LEAST = 0.5

export function leastOf({ bar, least = bar * LEAST }) {
  return least
}

/** Long enough to say whether that is there, and no longer. */
export const TIMES = {
  micro: { rounds: 3, seconds: 0.3, warmup: 0.3 },
  echo: { rounds: 3, seconds: 1, warmup: 1 },
}
