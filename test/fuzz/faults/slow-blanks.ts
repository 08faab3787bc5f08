// The blanks of a list are looked at by a pattern that takes twice as long for each blank more.

// A quarter of a second, not more.
export const maxBytes = 25

export const dictionary = ['    ', ',']

export function fuzz(data: Uint8Array): void {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1')
  let blanks = 0
  for (const char of text) {
    if (char === ' ') blanks++
  }
  if (blanks > 4) /^(?: +)*,/.test(text)
}
