// A parser that fails for four bytes in a row, each of which it looks at only if those before it were right: one input in
// four thousand million, unless somebody sees how far the others come.

export function fuzz(data: Uint8Array): void {
  if (data[2] === 0x57) {
    if (data[3] === 0x53) {
      if (data[4] === 0x50) {
        if (data[5] === 0x43) throw new Error('The parser fails')
      }
    }
  }
}
