// Every row of the list of threats: what it requires, in short, and that a test has its number in the title. A title that
// has a number of no row is a slip. Rows for later need no test yet.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/programs.ts'

const IN_REACH = {
  // the opening handshake, of a server
  'T-01': 'only GET is upgraded',
  'T-02': 'HTTP/1.1 and one well-formed Host',
  'T-03': 'a request without Upgrade is told what is spoken here',
  'T-04': 'Upgrade is websocket, and Connection has the token upgrade',
  'T-05': 'one key, canonical base64 of 16 bytes',
  'T-06': 'one version, well formed; another than 13 is told which',
  'T-07': 'headers that come once are not repeated, nor joined by commas',
  'T-08': 'lists may be repeated, and are one in their order',
  'T-09': 'subprotocols are tokens, none empty, none twice',
  'T-10': 'extensions follow their grammar; unknown ones are ignored',
  'T-11': 'names that all objects have are unknown names like any other',
  'T-12': 'lists are read in linear time, whatever is in them',
  'T-13': 'a head is read as it comes, and given up at 16 KiB',
  'T-14': 'at most 100 headers; none is assumed to be there',
  'T-15': 'folded lines, bare line feeds, control bytes and blanks before the colon are refused',
  'T-16': 'bytes from 0x80 up in values are latin-1',
  'T-17': 'a request that upgrades has no body',
  'T-18': 'a refusal says that it closes, and closes; nothing after it is looked at',
  'T-19': 'odd request targets are routed as they are, or refused',
  'T-20': 'other origins than our own are refused unless they are listed',
  'T-21': 'a server selects only what was offered',
  'T-22': 'what would break a head is refused before a byte is sent',
  'T-23': 'a peer that leaves within the handshake leaves nothing behind; a hook that fails is answered with 500',
  'T-24': 'handshakes after the shutdown began are answered with 503',
  'T-25': 'a socket is taken once',
  'T-26': 'frames behind the request are taken in order',
  'T-27': 'drafts from before the RFC are refused',
  'T-28': 'an opening handshake has an absolute deadline, and holds up nobody else',
  'T-29': 'pipelined requests are bounded',
  'T-30': 'secrets are compared in constant time',
  // the opening handshake, of a client
  'T-31': 'a 101 confirms Upgrade, Connection and the key, each once',
  'T-32': 'an answer of extensions keeps to what was offered',
  'T-33': 'an answer of subprotocols keeps to what was offered',
  'T-34': 'heads, interim responses and bodies of refusals are bounded',
  'T-35': 'redirects are followed when asked for, a few, and without credentials to others',
  'T-36': 'certificate and host name are verified',
  'T-37': 'an attempt that fails or is aborted ends once, and leaves nothing behind',
  'T-38': 'frames behind the 101 are taken in order; none after our end',
  // frames and messages
  'T-40': 'reserved bits that nobody claims',
  'T-41': 'reserved opcodes',
  'T-42': 'continuations without a message, and messages inside others',
  'T-43': 'control frames that are fragmented, or longer than 125 bytes',
  'T-44': 'masking that is missing or forbidden',
  'T-45': 'lengths that are not in their shortest form, or have the top bit set',
  'T-46': 'a message above the limit is refused at the header that announces it',
  'T-47': 'memory follows what was received, not what was announced',
  'T-48': 'the fragments of a message are bounded, and empty ones by the second',
  'T-49': 'reads of one byte cost no more objects or memory',
  'T-50': 'very many frames in one chunk take no stack',
  'T-51': 'bytes are received alike in whatever they come',
  'T-52': 'chunks are let go when they are used up',
  'T-53': 'text that is not UTF-8 is refused at the first byte that cannot be',
  'T-54': 'a byte order mark is text',
  'T-55': 'text that is longer than any string ends the connection, not the process',
  'T-56': 'Close frames carry codes that may travel, and reasons that are UTF-8',
  'T-57': 'nothing is read after a Close frame',
  'T-58': 'a frame has a deadline, which nothing puts off',
  // sending
  'T-60': 'what can be sent is sent as exactly its bytes; all else is refused',
  'T-61': 'control payloads that are too long are refused, and nothing has changed',
  'T-62': 'lone surrogates leave as U+FFFD',
  'T-63': 'the payload of the caller is never written to, and never makes a malformed frame',
  'T-64': 'no byte is sent that was not written',
  'T-65': 'a client masks each frame with a fresh key; a server never does',
  'T-66': 'frames have the shortest header',
  'T-67': 'options and payloads are read once, and nothing that is put over them',
  'T-68': 'what waits to leave is counted, told and bounded',
  'T-69': 'promises and callbacks of sends settle once',
  'T-70': 'a transport that takes little or says nonsense does no harm',
  // control traffic
  'T-75': 'a flood of pings owes one pong, and is bounded by the second',
  'T-76': 'pongs that nobody asked for are ignored',
  'T-77': 'no pong after our Close frame',
  'T-78': 'a peer that answers no ping is given up in time; timers keep no process alive',
  'T-79': 'a noisy connection does not hold up others',
  // compression
  'T-80': 'what comes out of a message stops at the limit',
  'T-81': 'what goes in counts as well: much for nothing is given up',
  'T-82': 'compressed data that is corrupt, cut off or out of its window is refused',
  'T-83': 'final blocks end no message, and lose nothing',
  'T-84': 'empty and uncompressed messages leave the window alone',
  'T-85': 'each half follows its own parameter of context takeover',
  'T-86': 'an offer that cannot be honoured is declined, and the next one tried',
  'T-87': 'the streams of zlib are let go',
  'T-88': 'a message may leave uncompressed',
  // closing and lifecycle
  'T-90': 'a peer that does not end is cut, in time and by bytes',
  'T-91': 'a stream that ends without a Close frame is 1006; what was complete is delivered first',
  'T-92': 'the server ends the stream first',
  'T-93': 'however and however often an end is asked for, there is one',
  'T-94': 'however a socket fails, there is one error at most and one end',
  'T-95': 'what a callback throws reaches the application once, and breaks nothing',
  'T-96': 'everything may be called from inside any callback',
  'T-97': 'calls of the component in any order leave it intact',
  'T-98': 'who does not read holds the peer back, not memory',
  'T-99': 'nothing is left of what has ended',
} as const

const LATER = {
  // HTTP/2
  'T-110': 'extended CONNECT is for websocket only',
  'T-111': 'the rules of HTTP/1.1 hold for extended CONNECT, but for key and accept value',
  'T-112': 'a stream that ends in the middle is 1006; an abnormal end resets it',
  'T-113': 'floods within an HTTP/2 session are bounded',
  'T-114': 'a stream that nobody reads holds one window, and no other stream up',
  'T-115': 'after GOAWAY streams finish and none begins',
  'T-116': 'a peer without extended CONNECT is spoken to over HTTP/1.1, or not at all',
  // fan-out and tools
  'T-120': 'names of topics are compared byte for byte, and wildcards not published to',
  'T-121': 'subscriptions are bounded, and those of the broker are those that live',
  'T-122': 'what a broker says is checked',
  'T-123': 'envelopes in parts have some parts, and not too many',
  'T-124': 'a slow subscriber costs others nothing',
  'T-125': 'a broker that goes is noticed, and one that is back is subscribed to again',
  'T-126': 'resume tokens are random, bound and expire; what is kept for them is bounded',
  'T-127': 'handlers that are slower than their input hold it back',
  'T-128': 'what a peer says cannot steer a terminal',
} as const

const ROWS: ReadonlyMap<string, string> = new Map([...Object.entries(IN_REACH), ...Object.entries(LATER)])

/** The rows that the tests name, in titles and in the rows of tables that titles are made of. Comments do not count. */
function namedRows(): ReadonlyMap<string, string> {
  const named = new Map<string, string>()
  for (const file of readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.test.ts') || file === join('house', 'threats.test.ts')) continue
    for (const line of readFileSync(join(ROOT, 'test', file), 'utf8').split('\n')) {
      const quoted = /^(?! *(?:\/\/|\*)).*?['"`](.*)/.exec(line)?.[1] ?? ''
      for (const [row] of quoted.matchAll(/\bT-\d+/g)) named.set(row, file)
    }
  }
  return named
}

test('every row of the list of threats in reach has a test that names it', () => {
  const named = namedRows()
  const missing = Object.entries(IN_REACH).filter(([row]) => !named.has(row))
  assert.deepEqual(missing, [])
})

test('no test names a row that there is not', () => {
  const strangers = [...namedRows()].filter(([row]) => !ROWS.has(row))
  assert.deepEqual(strangers, [])
})

test('the list has all rows, once, each with words of its own', () => {
  assert.equal(Object.keys(IN_REACH).length, 92)
  assert.equal(Object.keys(LATER).length, 16)
  assert.equal(new Set(ROWS.values()).size, 108)
})
