// What is timed, in one process, without the network. `kind` is a way of measuring in `kinds.js`.

const KIB = 1_024

function parse(name, bytes, content) {
  return { name: `parse ${name}`, kind: 'parse', bytes, content }
}

function send(name, bytes, content) {
  return { name: `send ${name}`, kind: 'send', bytes, content }
}

export const CASES = [
  parse('16 B binary', 16, 'binary'),
  parse('125 B text to a string', 125, 'text'),
  parse('1 KiB binary', KIB, 'binary'),
  parse('1 KiB text to a string', KIB, 'text'),
  parse('1 KiB multi-byte text to a string', KIB, 'multiByteText'),
  parse('16 KiB binary', 16 * KIB, 'binary'),
  parse('16 KiB text to a string', 16 * KIB, 'text'),
  send('16 B binary', 16, 'binary'),
  send('125 B text', 125, 'text'),
  send('1 KiB binary', KIB, 'binary'),
  send('16 KiB text', 16 * KIB, 'text'),
  { name: 'mask 125 B', kind: 'mask', bytes: 125, content: 'binary' },
  { name: 'mask 16 KiB', kind: 'mask', bytes: 16 * KIB, content: 'binary' },
  { name: 'UTF-8 of 125 B ASCII', kind: 'utf8', bytes: 125, content: 'text' },
  { name: 'UTF-8 of 16 KiB, multi-byte', kind: 'utf8', bytes: 16 * KIB, content: 'multiByteText' },
  { name: 'inflate 1 KiB JSON', kind: 'parse', deflates: true, bytes: KIB, content: 'json' },
  { name: 'deflate 1 KiB JSON', kind: 'send', deflates: true, bytes: KIB, content: 'json' },
]
