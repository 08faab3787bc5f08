// What our engine and its peers disagree about, on purpose: the list of it, each with the section that settles who is right,
// or that both may. A disagreement that no entry explains is a failure, and an entry that explains none is stale.
//
// An entry is as narrow as it can be said. Where we object and a peer does not, `claims.ts` has to find the same wrong.

import { mayTravelByRfc } from '../support/wire.ts'
import { isMinimal } from './claims.ts'
import { type Comparison, isMessage, type PeerName } from './comparison.ts'
import type { Frame } from './frames.ts'

export interface Disagreement {
  /** What happens, as a sentence. */
  readonly text: string
  readonly peers: readonly PeerName[]
  readonly right: 'we' | 'they' | 'either'
  /** The section that settles it, and how. */
  readonly rule: string
  applies(comparison: Comparison): boolean
}

/** What can be wrong with a message once its frames are not. */
const OF_MESSAGES = ['INVALID_COMPRESSED_DATA', 'INVALID_UTF8', 'MESSAGE_TOO_BIG'] as const

const ALL: readonly PeerName[] = ['ws', 'websocket-driver', 'websockets']

export const DISAGREEMENTS: readonly Disagreement[] = [
  // --- when ---------------------------------------------------------------------------------------------------------------
  {
    text: 'A frame is not complete, and what is wrong with it is there: we object at that byte, they wait for the rest.',
    peers: ALL,
    right: 'either',
    rule: 'RFC 6455 §7.1.7 does not say when a connection is failed at the latest',
    applies: (it) => weObject(it) && it.theirs.verdict === 'open' && it.told === 'same' && isCutOff(it),
  },
  {
    text: 'Text is not UTF-8, and its message goes on: we object at that byte, they read the message to its end first, and what lies in between.',
    peers: ALL,
    right: 'either',
    rule: 'RFC 6455 §8.1 says that the connection is failed, and not when',
    applies: (it) => weObject(it, 'INVALID_UTF8') && !isEndOfMessage(it) && hasOnlyControlMore(it),
  },
  {
    text: 'Text is not UTF-8: they find out in a layer above, and have read on to the end of what arrived with it.',
    peers: ['websockets'],
    right: 'either',
    rule: 'RFC 6455 §8.1 says that the connection is failed, and not when',
    applies: (it) => weObject(it, 'INVALID_UTF8') && it.theirs.code === 1007 && it.told === 'same',
  },

  // --- headers ------------------------------------------------------------------------------------------------------------
  {
    text: 'A length is not in its shortest form: they take it.',
    peers: ALL,
    right: 'we',
    rule: 'RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length"',
    applies: (it) => weObject(it, 'LENGTH_NOT_MINIMAL', 'CONTROL_FRAME_TOO_LONG') && !isMinimal(ourFrame(it)),
  },
  {
    text: 'A length of 64 bits has its top bit set: we say 1002, they say 1009.',
    peers: ALL,
    right: 'we',
    rule: 'RFC 6455 §5.2: "the most significant bit MUST be 0"',
    applies: (it) => weObject(it, 'LENGTH_TOP_BIT_SET') && inSameFrame(it) && it.theirs.code === 1009,
  },
  {
    text: 'A server sends a masked frame: they take it.',
    peers: ['websocket-driver'],
    right: 'we',
    rule: 'RFC 6455 §5.1: "A client MUST close a connection if it detects a masked frame."',
    applies: (it) => weObject(it, 'FRAME_MASKED'),
  },
  {
    text: 'A client sends a frame that is not masked: we say 1002, they say 1003.',
    peers: ['websocket-driver'],
    right: 'either',
    rule: 'RFC 6455 §5.1: "a server MAY send a Close frame with a status code of 1002"',
    applies: (it) => {
      return (
        weObject(it) && inSameFrame(it) && it.theirs.code === 1003 && it.facts.isJust('FRAME_NOT_MASKED', it.ours.at)
      )
    },
  },
  {
    text: 'A frame breaks another rule and is too long, too: we name the rule, they say 1009.',
    peers: ALL,
    right: 'either',
    rule: 'RFC 6455 §7.1.7 does not say which of two reasons is given',
    applies: (it) => {
      return weObject(it) && inSameFrame(it) && it.theirs.code === 1009 && isLongWithMessage(it, it.ourFrame)
    },
  },
  {
    text: 'A control frame breaks another rule and its reason is not UTF-8: we name the rule, they say 1007.',
    peers: ['websockets'],
    right: 'either',
    rule: 'RFC 6455 §7.1.7 does not say which of two reasons is given',
    applies: (it) => {
      const { theirs, facts, ours } = it
      return weObject(it) && inSameFrame(it) && theirs.code === 1007 && facts.isJust('CLOSE_REASON_NOT_UTF8', ours.at)
    },
  },

  // --- limits -------------------------------------------------------------------------------------------------------------
  {
    text: 'A message has more fragments than we take: they have no such limit.',
    peers: ['websocket-driver', 'websockets'],
    right: 'either',
    rule: 'RFC 6455 §10.4 leaves limits to the implementation',
    applies: (it) => weObject(it, 'TOO_MANY_FRAGMENTS'),
  },
  {
    text: 'A compressed message is longer than the limit and stands for one that is not: we take it as long as it is hardly longer, they do not.',
    peers: ALL,
    right: 'either',
    rule: 'RFC 6455 §10.4 leaves limits to the implementation',
    applies: (it) => {
      const isLong = (index: number): boolean => it.facts.messageOf(index).isCompressed && isLongWithMessage(it, index)
      return theyObject(it, 1009) && it.frames.some(({ opcode }, i) => opcode <= 2 && isLong(i))
    },
  },
  {
    text: 'A control frame lies between fragments: they count it to the length of the message.',
    peers: ['websocket-driver', 'websockets'],
    right: 'we',
    rule: 'RFC 6455 §5.4: control frames "MAY be injected in the middle of a fragmented message", and are not of it',
    applies: (it) => {
      return theyObject(it, 1009) && it.frames.some(({ opcode }, i) => opcode > 7 && isLongWithMessage(it, i))
    },
  },

  // --- the Close frame ----------------------------------------------------------------------------------------------------
  {
    text: 'A Close frame has half a code, or one that may not travel: we fail, they close as if its code were 1002. Either sends 1002.',
    peers: ['websocket-driver'],
    right: 'either',
    rule: 'RFC 6455 §5.5.1, §7.4.1 and §7.4.2 say what may not be sent, and not how it is told to the application',
    applies: (it) => weObject(it, 'CLOSE_CODE_NOT_ALLOWED', 'CLOSE_PAYLOAD_TOO_SHORT') && theyClose(it, 1002),
  },
  {
    text: 'A close reason is not UTF-8: we fail with 1007, they close as if its code were 1002.',
    peers: ['websocket-driver'],
    right: 'either',
    rule: 'RFC 6455 §5.5.1 and §8.1 say that the connection is failed, and not with which code',
    applies: (it) => weObject(it, 'CLOSE_REASON_NOT_UTF8') && theyClose(it, 1002),
  },
  {
    text: 'A Close frame has no code: we tell 1005, they 1000.',
    peers: ['websocket-driver'],
    right: 'we',
    rule: 'RFC 6455 §7.1.5: "If this Close control frame contains no status code, The WebSocket Connection Close Code is considered to be 1005."',
    applies: (it) => bothClose(it) && it.ours.code === 1005 && it.theirs.code === 1000,
  },
  {
    text: 'A Close frame has a code that was registered later, 1012 to 1014: they take it for one that may not travel.',
    peers: ['websocket-driver'],
    right: 'we',
    rule: 'RFC 6455 §7.4.2 gives 1000 to 2999 to what is registered; IANA has 1012, 1013 and 1014',
    applies: (it) => {
      return bothClose(it) && it.ours.code >= 1012 && mayTravelByRfc(it.ours.code) && it.theirs.code === 1002
    },
  },
  {
    text: 'A Close frame lies between fragments: we close, they fail with 1002.',
    peers: ['websockets'],
    right: 'we',
    rule: 'RFC 6455 §5.4: "Control frames (see Section 5.5) MAY be injected in the middle of a fragmented message."',
    applies: (it) => theyObject(it, 1002) && it.ours.verdict === 'closed' && isCloseInMessage(it),
  },

  // --- permessage-deflate -------------------------------------------------------------------------------------------------
  {
    text: 'Compressed data is corrupt: we say 1007, they say 1010.',
    peers: ['websocket-driver'],
    right: 'we',
    rule: 'RFC 6455 §7.4.1 has 1010 for an extension that was not negotiated, and 1007 for data that is not what its message should be',
    applies: (it) => weObject(it, 'INVALID_COMPRESSED_DATA') && it.theirs.code === 1010 && it.told === 'same',
  },
  {
    text: 'Compressed data is corrupt: we say 1007, they say 1002.',
    peers: ['websockets'],
    right: 'either',
    rule: 'RFC 7692 has no code for it; RFC 6455 §7.4.1 has 1002 for errors of the protocol, 1007 for data that is not what its message should be',
    applies: (it) => weObject(it, 'INVALID_COMPRESSED_DATA') && it.theirs.code === 1002 && it.told === 'same',
  },
  {
    text: 'Compressed data refers to what lies behind the window that was agreed on: they still have it, and take it.',
    peers: ALL,
    right: 'we',
    rule: 'RFC 7692 §7.1.2.1 and §7.1.2.2: the size of the window is a limit to what the other side may use',
    applies: (it) => weObject(it, 'INVALID_COMPRESSED_DATA') && it.facts.isBeyondWindow(it.ourFrame),
  },
  {
    text: 'Compressed data is cut off: they take what is there for the message.',
    peers: ALL,
    right: 'we',
    rule: 'RFC 7692 §7.2.1: what is left out is the end of an empty block, and §7.2.2: what is decompressed is the data with it',
    applies: (it) => weObject(it, 'INVALID_COMPRESSED_DATA') && isEndOfMessage(it),
  },
  {
    text: 'A message is wrong, or waits for one that is inflated: they have read on, answered control frames, and perhaps found other things.',
    peers: ['websocket-driver'],
    right: 'either',
    rule: 'RFC 6455 §5.4 lets control frames be handled between fragments, and does not speak of what comes behind a message',
    applies: (it) => {
      return weObject(it, ...OF_MESSAGES) && it.isOvertaking && it.theirs.verdict !== 'open' && hasOnlyControlMore(it)
    },
  },
  {
    text: 'Compressed data has a final block: they lose what comes behind it in the message, or what later messages refer to.',
    peers: ALL,
    right: 'we',
    rule: 'RFC 7692 §7.2.3.4 lets a message be compressed with a final block, and §7.2.3.5 with several blocks',
    applies: (it) => it.stream.deflate !== undefined && it.facts.hasFinalBlocks && areWeRight(it),
  },
  {
    text: 'A message is wrong where messages are compressed: they tell those that come behind it, too.',
    peers: ['websocket-driver'],
    right: 'we',
    rule: 'RFC 6455 §7.1.7: an endpoint "MUST NOT continue to attempt to process data" once it has failed the connection',
    applies: (it) => weObject(it, ...OF_MESSAGES) && it.isOvertaking,
  },
]

// --- what entries ask ---------------------------------------------------------------------------------------------------

/** We fail, for something that is really there, and they agree about all before it. */
function weObject(it: Comparison, ...errors: readonly string[]): boolean {
  const { ours, told, pongs } = it
  return (
    ours.verdict === 'failed' &&
    (errors.length === 0 || errors.includes(ours.error)) &&
    (told === 'same' || told === 'theirs goes on') &&
    (pongs === 'same' || pongs === 'theirs goes on') &&
    (!it.tellsWhere || it.theirFrame >= it.ourFrame) &&
    it.facts.isJust(ours.error, ours.at)
  )
}

/** They fail with this code, and we agree about all before it. */
function theyObject(it: Comparison, code: number): boolean {
  const { theirs, told, pongs } = it
  return (
    theirs.verdict === 'failed' &&
    theirs.code === code &&
    (told === 'same' || told === 'ours goes on') &&
    (pongs === 'same' || pongs === 'ours goes on')
  )
}

function bothClose({ ours, theirs, told, pongs }: Comparison): boolean {
  return ours.verdict === 'closed' && theirs.verdict === 'closed' && told === 'same' && pongs === 'same'
}

function theyClose({ theirs, told }: Comparison, code: number): boolean {
  return theirs.verdict === 'closed' && theirs.code === code && told === 'same'
}

/** Whether what we told are the messages of the stream, and what we failed for is there. */
function areWeRight({ facts, ours }: Comparison): boolean {
  const messages = ours.told.filter(isMessage).map(({ payload }) => payload)
  return facts.areMessages(messages) && (ours.verdict !== 'failed' || facts.isJust(ours.error, ours.at))
}

function ourFrame(it: Comparison): Frame {
  return it.frames[it.ourFrame]!
}

function inSameFrame(it: Comparison): boolean {
  const isSame = !it.tellsWhere || it.ourFrame === it.theirFrame
  return it.theirs.verdict === 'failed' && isSame && it.told === 'same' && it.pongs === 'same'
}

/** Whether a frame is above the limit on messages, if the message that is open counts with it, whatever the frame is. */
function isLongWithMessage({ facts, frames, stream }: Comparison, index: number): boolean {
  return facts.openBytes(index) + (frames[index]!.length ?? 0) > stream.maxMessageBytes
}

function isCloseInMessage({ facts, frames }: Comparison): boolean {
  const close = frames.findIndex(({ opcode }) => opcode === 8)
  return close >= 0 && facts.openMessage(close) !== undefined
}

/** Whether the stream ends before the frame that we object to. */
function isCutOff(it: Comparison): boolean {
  return ourFrame(it).end > it.stream.bytes.length
}

/** Whether the frame that we object to is there whole, and the last of its message. */
function isEndOfMessage(it: Comparison): boolean {
  return ourFrame(it).fin && !isCutOff(it)
}

/** Whether all that they told beyond what we did are pings and pongs. */
function hasOnlyControlMore({ ours, theirs }: Comparison): boolean {
  return ours.told.filter(isMessage).length === theirs.told.filter(isMessage).length
}
