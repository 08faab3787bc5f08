// What the guard asks for: for each case, the ratio to `ws` that is promised, and the half of it below which something is
// broken, whatever else the machine is busy with.

const PARSING = { benchmark: 'micro', bar: 4, least: 2 }

export const THRESHOLDS = [
  { ...PARSING, case: 'parse 16 B binary' },
  { ...PARSING, case: 'parse 125 B text to a string' },
  { ...PARSING, case: 'parse 1 KiB binary' },
  { ...PARSING, case: 'parse 1 KiB text to a string' },
  { ...PARSING, case: 'parse 16 KiB text to a string' },
  { benchmark: 'echo', case: '10 connections, 32 in flight, 125 B text', bar: 20, least: 10 },
]

/** Long enough to say whether it is half of what it should be, and no longer. */
export const TIMES = {
  micro: { rounds: 3, seconds: 0.3, warmup: 0.3 },
  echo: { rounds: 3, seconds: 1, warmup: 1 },
}
