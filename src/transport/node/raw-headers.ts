// Header fields as Node received them, repeated ones still apart: what it joins or drops must be seen to be repeated.

import type { HeaderList } from '../../handshake/index.ts'

/** `rawHeaders` of a Node message (name, value, name, value …) as pairs. */
export function headerPairs(rawHeaders: readonly string[]): HeaderList {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!])
  return pairs
}
