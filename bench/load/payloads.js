// What is in the messages.

/** The number after a number: no pattern that matters, and the same ones each time. */
function next(number) {
  return (number * 48_271) % 2_147_483_647
}

/** So many bytes of text, of one byte a character. */
export function text(bytes) {
  let written = ''
  for (let line = 1; written.length < bytes; line++) written += `${line}: the quick brown fox jumps over the lazy dog\n`
  return Buffer.from(written.slice(0, bytes))
}

/** So many bytes of text, of one to four bytes a character. */
export function multiByteText(bytes) {
  const line = Buffer.from('Zwölf Boxkämpfer jagen Viktor — быстрая лиса, 素早い茶色の狐, 🦊🐕. ')
  const whole = Math.floor(bytes / line.length)
  return Buffer.concat([...Array(whole).fill(line), Buffer.alloc(bytes - whole * line.length, '.')])
}

/** So many bytes in which there is no pattern. */
export function binary(bytes) {
  const payload = Buffer.alloc(bytes)
  for (let i = 0, number = 1; i < bytes; i++) {
    number = next(number)
    payload[i] = number >> 8
  }
  return payload
}

/** So many bytes of JSON as applications have it: records with the same names and different values. */
export function json(bytes) {
  const records = []
  for (let id = 0, number = 1; JSON.stringify(records).length < bytes; id++) {
    number = next(number)
    records.push({
      id,
      user: `user-${number % 1_000}`,
      price: (number % 100_000) / 100,
      active: number % 2 === 0,
      at: 1_700_000_000 + (number % 86_400),
    })
  }
  records.pop()
  return Buffer.from(JSON.stringify(records).padEnd(bytes))
}

/** By name. */
export const PAYLOADS = { text, multiByteText, binary, json }
