// Mutants that survive the tests, and why they do no harm. An entry is found by what the source says, not by the number of
// its line; one that is killed after all, or whose line is gone, fails the run, so that the list stays true.

export interface Harmless {
  readonly file: string
  /** The line of the source, or a part of it that no other line has; several where they are so for the same reason. */
  readonly lines: readonly string[]
  /** What is written → what stands in its place. Without them, whatever survives of these lines. */
  readonly mutations?: readonly string[]
  readonly reason: string
}

const CODEC: readonly Harmless[] = [
  {
    file: 'src/codec/byte-collector.ts',
    lines: ['const FIRST_CAPACITY = 64'],
    reason: 'how much room is there at first is a matter of speed',
  },
  {
    file: 'src/codec/byte-collector.ts',
    lines: ['this.#reserve(1)'],
    mutations: ['1 → 2'],
    reason: 'more room than is needed changes nothing that comes out',
  },
  {
    file: 'src/codec/byte-collector.ts',
    lines: ['at < this.#length'],
    mutations: ['at < this.#length → at <= this.#length'],
    reason: 'the slice that is more is empty',
  },
  {
    file: 'src/codec/byte-collector.ts',
    lines: ['if (needed <= this.#bytes.length) return'],
    mutations: ['needed <= this.#bytes.length → needed < this.#bytes.length'],
    reason: 'memory is made larger one byte early',
  },
  {
    file: 'src/codec/byte-collector.ts',
    lines: ['2 * this.#bytes.length'],
    mutations: ['2 * this.#bytes.length → 3 * this.#bytes.length'],
    reason: 'how much room is made ahead is a trade of memory for speed',
  },
  {
    file: 'src/codec/close-code.ts',
    lines: ['from: 0, to: 999', 'from: 1004, to: 1006', 'from: 1015, to: 2999', 'from: 5000, to: 65_535'],
    reason: 'a row that says no is there for the reader: what is in no row that says yes may not travel either',
  },
  {
    file: 'src/codec/frame-header.ts',
    lines: ['if (bytes.length < 2) return undefined'],
    mutations: ['bytes.length < 2 → false', 'bytes.length < 2 → bytes.length < 1'],
    reason: 'what is not there counts as 0, and the header is then found to be longer than the bytes all the same',
  },
  {
    file: 'src/codec/http-list.ts',
    lines: ['const IS_TOKEN_CHAR = Array.from({ length: 128 }'],
    mutations: ['length: 128 → length: 129', 'length: 128 → length: 127'],
    reason: 'neither U+007F nor U+0080 is of a token: they are in the table as such, or not in it',
  },
  {
    file: 'src/codec/http-list.ts',
    lines: ['while (start < end && isBlank', 'while (end > start && isBlank'],
    mutations: ['start < end → start <= end', 'end > start → end >= start'],
    reason: 'of a text of blanks alone nothing is left either way',
  },
  {
    file: 'src/codec/mask.ts',
    lines: [
      'const LEAST_COPIED_BYTES = 384',
      'const LEAST_WORD_BYTES = 24',
      'const LEAST_LONG_BYTES = 128',
      'const MOST_PLACE = 0x7fff_fff0',
      'if (end - start < LEAST_COPIED_BYTES) {',
      'const length = end - start',
      'if (length < LEAST_WORD_BYTES || until > MOST_PLACE) return maskBytes(',
      'if (length < LEAST_LONG_BYTES || platformPort?.hasFastLongs !== true) {',
      'if (!isWithin(source, until)) return maskBytes(',
      'if (platformPort?.hasFastLongs !== true || !isWithin(source, until)) {',
      'return until <= (bytes.length & ~7) && until <= MOST_PLACE',
    ],
    reason: 'from where on a faster way is taken: the tests compare each with byte after byte, for every length',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['export const NOT_ASCII = 0x8080_8080 | 0'],
    mutations: ['0x8080_8080 | 0 → 0x80808081 | 0', '0x8080_8080 | 0 → 0x8080_8080 | 1'],
    reason: 'ASCII with another bit is then looked at again, and found to be ASCII',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['if (target !== source) target.set('],
    mutations: ['target !== source → true'],
    reason: 'bytes that are copied to where they are stay what they are',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['const third = key >>>'],
    mutations: ['phase + 2 → phase - 2'],
    reason: 'two of four forward is two of four back',
  },
  {
    file: 'src/codec/mask.ts',
    lines: [
      'i < first; i++) seen |= bytes[i]!',
      'const first = (start + 3) & ~3; i < first',
      'const first = (start + 7) & ~7',
    ],
    reason: 'some bytes more are taken one by one',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['const last = until >> 2', 'const fourth = last - 3; at < fourth', 'const last = to - 3; at < last'],
    reason: 'how many words are taken together; the loops behind take what is left',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['turned = (turned << 8) | (turned >>> 24)'],
    mutations: ['turned >>> 24 → turned >>> 25'],
    reason: 'fewer than four bytes are left, so that no byte of the key comes round',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['for (i = Math.max(i, last << 2); i < until; i++) seen |= bytes[i]!'],
    mutations: ['last << 2 → last >> 2'],
    reason: 'bytes that were seen by words are seen once more',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['const view = new DataView(new ArrayBuffer(4 * numbers.length))'],
    mutations: ['4 * numbers.length → 5 * numbers.length'],
    reason: 'memory behind the numbers that nobody reads',
  },
  {
    file: 'src/codec/options.ts',
    lines: ['if (value === most || ('],
    mutations: ['value < most → value <= most'],
    reason: 'the most itself has its own question in front',
  },
  {
    file: 'src/codec/payload-bytes.ts',
    lines: ['typedArrayLength.call(value) > 0 &&', 'if (isPlain(value)) return value'],
    mutations: ['typedArrayLength.call(value) > 0 → typedArrayLength.call(value) > 1', 'isPlain(value) → false'],
    reason: 'a view is made of bytes that need none: the same bytes, later',
  },
  {
    file: 'src/codec/payload-bytes.ts',
    lines: ['if (sharedBufferLength === undefined) return false'],
    mutations: ['sharedBufferLength === undefined → false'],
    reason: 'to call what is not there throws where it is caught, and says no, too',
  },
  {
    file: 'src/codec/payload-bytes.ts',
    lines: ['return false'],
    mutations: ['return false; → (removed)'],
    reason: 'nothing counts as no',
  },
  {
    file: 'src/codec/pooled-copy.ts',
    lines: ['#memory = new MemoryView(', '#used = 0 //', '#staged = 0 //'],
    reason: 'the first payload does not fit what is there at first, and has a pool made',
  },
  {
    file: 'src/codec/pooled-copy.ts',
    lines: ['if (view === undefined) {', 'if (view === undefined) return maskBytes('],
    mutations: ['view === undefined → true'],
    reason: 'byte after byte comes to the same, and is slower',
  },
  {
    file: 'src/codec/pooled-copy.ts',
    lines: ['this.#reserve(end - start, view === undefined ? 0 : alignmentOf(view, start))'],
    mutations: ['0 → 1'],
    reason: 'a byte stays free; bytes that are written one by one may lie anywhere',
  },
  {
    file: 'src/codec/text.ts',
    lines: [
      'if (length <= SHORT_TEXT_BYTES) {',
      'if (text !== undefined) return text',
      'if (platformPort === undefined) return decoder.decode(bytes)',
      'if (platformPort === undefined) return judged(',
      'if ((seen & NOT_ASCII) === 0) return platformPort.latin1(',
      'if (!text.includes(REPLACEMENT)) return text',
    ],
    reason: 'which of several ways to the same string is taken: the tests compare all of them with the platform',
  },
  {
    file: 'src/codec/mask.ts',
    lines: ['const FROM_BYTE = '],
    reason: 'of what was seen only the top bit of each byte is asked for',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['if ((seen & 0x80) === 0) return shortString(shortBytes, length)'],
    reason: 'ASCII comes out of the longer way the same',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['i + 2 > length) return -1', 'i + 3 > length) return -1', 'i + 4 > length) return -1'],
    mutations: ['1 → 2'],
    reason: 'any negative number says no',
  },
  {
    file: 'src/codec/text.ts',
    lines: [
      'return length === SHORT_TEXT_BYTES ? text',
      'if (platformPort !== undefined) return platformPort.writeUtf8(',
    ],
    reason: 'the longer way comes to the same',
  },
  {
    file: 'src/codec/utf8.ts',
    lines: [
      'const LEAST_PORT_BYTES = 64',
      'if (platformPort === undefined || end - start < LEAST_PORT_BYTES) return advanceBytes(',
      'let to = end - 1',
      'while (to > end - 4 && (bytes[to]! & 0xc0) === 0x80) to--',
      'if (from < to && platformPort.isUtf8(bytes.subarray(from, to))) from = to',
      'while (i + 3 < end && (bytes[i]! | bytes[i + 1]! | bytes[i + 2]! | bytes[i + 3]!) < 0x80) i += 4',
    ],
    reason: 'how much is left to a faster way; what it does not take, or does not allow, is looked at byte after byte',
  },
  {
    file: 'src/codec/utf8.ts',
    lines: ['while (current > UTF8_BOUNDARY && from < end) current = advanceBytes('],
    mutations: ['from < end → from <= end'],
    reason: 'of 64 bytes and more, three at most belong to the code point that is begun',
  },
  {
    file: 'src/codec/utf8.ts',
    lines: ['export const UTF8_BOUNDARY = 0'],
    reason: 'any number will do that no begun code point has',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['return units < 0 ? undefined'],
    mutations: ['units < 0 → units <= 0'],
    reason: 'nothing at all is ASCII, and does not come here',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['return text.includes(REPLACEMENT) ? decoder.decode(bytes) : text'],
    reason: 'Node puts U+FFFD where the web does; a platform that does not is why the web is asked',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['const shortBytes = new Uint8Array(SHORT_TEXT_BYTES + 3)'],
    reason: 'what lies behind is read as 0, or is not there: neither continues a code point',
  },
  {
    file: 'src/codec/text.ts',
    lines: ['let seen = 0', 'for (let i = 0; i < length; i++) {'],
    mutations: ['seen = 0 → seen = 1', 'i < length → i <= length'],
    reason: 'only the top bit is asked for, and with it the text is judged by other means',
  },
  {
    file: 'src/codec/http1-head.ts',
    lines: ['bytes[i] = text.charCodeAt(i)'],
    mutations: ['i < text.length → i <= text.length'],
    reason: 'what is written past the end of an array is not written',
  },
]

const HANDSHAKE: readonly Harmless[] = [
  {
    file: 'src/handshake/http1-opening.ts',
    lines: ['status > 599 || status === 304'],
    mutations: ['status > 599 → status > 600'],
    reason: '600 cannot be written as a head either, and is the same RangeError there',
  },
  {
    file: 'src/handshake/http1-opening.ts',
    lines: ["while (this.#state.kind === 'head' && rest.length > 0) {"],
    mutations: ['rest.length > 0 → rest.length >= 0'],
    reason: 'of no bytes the parser makes nothing',
  },
  {
    file: 'src/handshake/http1-opening.ts',
    lines: ["rest = rest.subarray(result.kind === 'head' ? result.size : rest.length)"],
    mutations: ["result.kind === 'head' → true"],
    reason: 'what is left of a head that is none is not looked at',
  },
  {
    file: 'src/handshake/http1-opening.ts',
    lines: ["if (this.#state.kind === 'body') this.#receiveBody(rest, this.#state)"],
    mutations: ["this.#state.kind === 'body' → true"],
    reason: 'other states have no length of a body, and none is ever reached',
  },
  {
    file: 'src/handshake/key.ts',
    lines: ['for (let i = 0; i < KEY_LENGTH - 3; i++) {'],
    mutations: ['i < KEY_LENGTH - 3 → i <= KEY_LENGTH - 3'],
    reason: 'the last character is one of four that are of the alphabet',
  },
  {
    file: 'src/handshake/key.ts',
    lines: ['return isLetter || (code >= 0x30'],
    mutations: ['code >= 0x30 → code >= 0x2f'],
    reason: '0x2f is of the alphabet, as the end of the line says',
  },
  {
    file: 'src/handshake/key.ts',
    lines: ['for (let i = 0; i < given.length; i++) {'],
    mutations: ['i < given.length → i <= given.length'],
    reason:
      'behind the end of what was given there is NaN, which counts as 0; lengths that differ are a difference already',
  },
  {
    file: 'src/handshake/server.ts',
    lines: ["if (origins.length > 1 || /[, ]/.test(origins.join())) return rejectUpgrade('ORIGIN_INVALID')"],
    mutations: ['origins.length > 1 → origins.length > 2'],
    reason: 'two origins have a comma between them when they are joined',
  },
  {
    file: 'src/handshake/server.ts',
    lines: ["const pathStart = target.indexOf('/', target.indexOf('://') + 3)"],
    mutations: ["target.indexOf('://') + 3 → target.indexOf('://') + 4"],
    reason: 'an authority has one character at least: one that begins with a slash is none either way',
  },
]

const EXTENSION: readonly Harmless[] = [
  {
    file: 'src/extension/deflate-params.ts',
    lines: ['return value === undefined ? true : undefined'],
    mutations: ['true → false'],
    reason: 'of these parameters only whether they are there is asked',
  },
  {
    file: 'src/extension/deflation.ts',
    lines: ['this.#heldBytes = 0'],
    reason: 'said once too often, at the end of a message and of what is held: either alone is enough',
  },
  {
    file: 'src/extension/deflation.ts',
    lines: ['#at = 0'],
    reason: 'set anew with each payload',
  },
  {
    file: 'src/extension/inflation.ts',
    lines: ['#isLast = false', '#at = 0'],
    reason: 'set anew with each payload',
  },
  {
    file: 'src/extension/inflation.ts',
    lines: ['let roomEnd = 0'],
    reason: 'set anew before it is read',
  },
  {
    file: 'src/extension/inflation.ts',
    lines: [
      'const STEP_INPUT_BYTES = 16_384',
      'const MOST_WHOLE_INPUT_BYTES = 4_096',
      'if (!this.#noContextTakeover || end - start > MOST_WHOLE_INPUT_BYTES) return undefined',
    ],
    reason: 'how much is done at once, and what goes the short way: the tests compare both with steps of every size',
  },
  {
    file: 'src/extension/inflation.ts',
    lines: ['if (at < end) return at === end - 1 && payload[at] === 0x00 ? used : -1'],
    mutations: ['at === end - 1 && payload[at] === 0x00 → false', 'end - 1 → end + 1'],
    reason: 'what does not go the short way goes the other, and comes to the same',
  },
  {
    file: 'src/extension/inflation.ts',
    lines: ['block[0] = 0x00'],
    mutations: ['block[0] → block[1]'],
    reason: 'the first byte in front of the window is 0 from the beginning, and the second is written behind this',
  },
]

// Not all of this folder has been looked at.
const SESSION: readonly Harmless[] = [
  {
    file: 'src/session/encoding.ts',
    lines: ['#isWritten = false'],
    reason: 'set by the first write, and not read before',
  },
  {
    file: 'src/session/frame-queue.ts',
    lines: ['#firstByte = 0'],
    reason: 'set before the first frame of a message is written',
  },
  {
    file: 'src/session/output.ts',
    lines: ['if (maskingKey !== undefined) maskInto(block, payloadAt, block'],
    mutations: ['maskingKey !== undefined → true'],
    reason: 'to mask with no key changes nothing',
  },
  {
    file: 'src/session/receive.ts',
    lines: ['this.#delivery = options.delivery'],
    reason: 'set anew when a message begins',
  },
  {
    file: 'src/session/receive.ts',
    lines: [': (reservedBits & (this.#pipeline?.reservedBits ?? 0)) !== 0'],
    mutations: ['0 → 1'],
    reason: 'without extensions a reserved bit has failed the connection before',
  },
  {
    file: 'src/session/receive.ts',
    lines: [
      'const WHOLE_BINARY = 0x80 | Opcode.binary',
      'if (short !== undefined) return textEvent(short)',
      'if (!isValidText(stagedIn, stagedAt, stagedAt + end - start)) return undefined',
      "this.#maskBit = options.masking === 'forbidden' ? 0 : 0x80",
    ],
    reason: 'what goes the short way: the long way tells the same, as the tests of whole messages say',
  },
  {
    file: 'src/session/session.ts',
    lines: ['const NO_FRAME = -1'],
    reason: 'any number will do that is no count of frames',
  },
  {
    file: 'src/session/texts-ahead.ts',
    lines: ['const MOST_BYTES = 1_024', '#from = 0 //'],
    reason: 'how much is decoded ahead; and a place that is set when something is',
  },
]

export const HARMLESS: readonly Harmless[] = [...CODEC, ...HANDSHAKE, ...EXTENSION, ...SESSION]
