// What is in the messages.

/** So many bytes of text, of one byte a character, no two lines alike. */
export function text(bytes) {
  let written = ''
  for (let line = 1; written.length < bytes; line++) written += `${line}: the quick brown fox jumps over the lazy dog\n`
  return Buffer.from(written.slice(0, bytes))
}

/** So many bytes in which there is no pattern. */
export function binary(bytes) {
  const payload = Buffer.alloc(bytes)
  let seed = 1
  for (let i = 0; i < bytes; i++) {
    seed = (seed * 48_271) % 2_147_483_647
    payload[i] = seed >> 8
  }
  return payload
}
