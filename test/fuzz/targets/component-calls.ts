// The functions of `websocket.h`, called in any order, also one that no program should use: whatever is called, nothing
// throws, every operation is indicated once and in order, and memory is touched by who has it.

import { isUtf8 } from 'node:buffer'
import {
  type ActionContext,
  type GetActionResult,
  type Handle,
  WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
  WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
  type WEB_SOCKET_BUFFER,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
  WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
  type WEB_SOCKET_HTTP_HEADER,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
  WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  type WEB_SOCKET_PROPERTY,
  WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
  WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
  WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
  WebSocketAbortHandle,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCompleteAction,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketDeleteHandle,
  WebSocketEndClientHandshake,
  WebSocketEndServerHandshake,
  WebSocketGetAction,
  WebSocketGetGlobalProperty,
  WebSocketReceive,
  WebSocketSend,
  WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE,
  WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE,
  WspcGetState,
  WspcOpenHandle,
  WspcSendPing,
  WspcSetRandomSource,
} from '../../../src/component/index.ts'
import { concat, hexList, isSameBytes } from '../../support/wire.ts'
import { Choices } from '../choices.ts'
import { holds, holdsSame } from '../property.ts'
import { WireReader } from '../wire-reader.ts'

export const maxBytes = 512

export const dictionary = hexList(
  '00 02 03 61 62 63 01, 02 00, 03 00, 04 03 02, 06 00 00, 1c 1d 1c 1d, 00 02 f0 61 01, 14 06 81 80 00 00 00 00, ' +
    '14 06 89 80 00 00 00 00, 14 02 81 00, 14 02 89 00, 14 08 88 82 00 00 00 00 03 e8, 14 02 83 00, 0a, ' +
    '1a 00 01, 03 03 02 07 00 00, 10 03 70 69 6e 03 00 1c 1d, 16 00 00, 05 01 01 07 00 00',
)

// Six bytes of settings; then the calls, of the client by even bytes and of the server by odd ones.
export const seeds = hexList(
  // A message; one by the handshake, with a buffer; a long one in slices; one that an extension has marked.
  '00 02 00 00 00 00 00 02 03 61 62 63 01 03 00 1c 1d 1c 1d,' +
    '01 01 20 00 00 00 00 00 06 68 65 6c 6c 6f 21 01 03 04 1c 1d 03 00 1c 1d,' +
    '00 02 00 00 00 00 00 02 f0 61 01 03 00 1c 1d 1c 1d 03 00 1d,' +
    '01 82 00 00 00 00 01 06 c9 61 01 02 00 05 01 01 07 00 00 05 01 01 07 00 00 1c,' +
    // A ping that is answered; both Close frames; what the other side never sent.
    '00 02 00 00 00 00 10 03 70 69 6e 03 00 1c 1d 02 00 1c,' +
    '00 02 00 00 00 00 22 03 e8 03 61 62 63 03 00 1c 1d 1b 00 02 00 1d 1c,' +
    '04 02 10 10 02 01 02 00 14 06 89 80 00 00 00 00 04 03 02 06 00 00 04 03 02 06 00 00,' +
    // Abort, and memory that is taken away, with operations under way.
    '00 02 00 00 00 00 00 02 03 61 62 63 01 00 02 00 01 04 01 02 0a 04 03 01 06 00 00 0e,' +
    '04 02 00 00 00 00 00 02 03 61 62 63 01 16 00 00 04 01 02 02 00 16 00 ff 04 03 02',
)

// A message is longer than what asks for it.
export const memoryOnTop = 1_048_576
export const memoryPerByte = 131_072

/** Every result code that there is (websocket-h: §2; the last two are ours). */
const RESULT_CODES = new Set([
  0x0000_0000, 0x8376_0001, 0x8376_0002, 0x8376_0003, 0x8376_0004, 0x8376_0005, 0x8007_0057, 0x8007_000e, 0x8007_0006,
  0x8007_007a, 0xa376_0001, 0xa376_0002,
])

const SEND_TYPES = [
  WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
  WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
  WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
  WEB_SOCKET_PING_PONG_BUFFER_TYPE,
  WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
  0x8000_0007,
  // With an extension: text with RSV1, the beginning of a binary message with RSV2, what continues and ends one.
  0x0000_0182,
  0x0000_0044,
  0x0000_0100,
]

const CONTROL_AREA_BYTES = 144
const GUARD_BYTES = 8
const GUARD = 0xc3
const UNTOUCHED = 0x5a
const RECEIVE_QUEUE = 2

export function fuzz(data: Uint8Array): void {
  const choices = new Choices(data)
  const settings = choices.byte()
  const how = choices.byte()
  const reservedBits = hasExtension(how) ? 0b111 : 0
  const client = new End('client', settings, choices, reservedBits)
  const server = new End('server', settings, choices, reservedBits)
  open(client, server, how)
  while (!choices.isOver) {
    const call = choices.byte()
    if ((call & 1) === 0) step(call >> 1, client, server, choices)
    else step(call >> 1, server, client, choices)
  }
  for (const end of [client, server]) end.finish()
  client.checkArrived(server)
  server.checkArrived(client)
}

function hasExtension(how: number): boolean {
  return how > 0x7f && how % 8 > 1
}

/** With or without the handshake, or not at all. */
function open(client: End, server: End, how: number): void {
  const early = new Uint8Array((how >> 4) & 7)
  if (how % 8 === 7) return
  if (how % 8 > 1) {
    const extensions = hasExtension(how) ? ['x-a; b=c'] : []
    client.check(WspcOpenHandle(client.handle, { extensions }))
    server.check(WspcOpenHandle(server.handle, { extensions, receivedBytes: early }))
    if (early.length > 0) client.isDisturbed = true
    return
  }
  const headers: WEB_SOCKET_HTTP_HEADER[] = [{ name: 'Host', value: 'example.com' }]
  const begun = WebSocketBeginClientHandshake(client.handle, ['chat'], undefined, headers)
  const answer = WebSocketBeginServerHandshake(server.handle, 'chat', undefined, [
    ...headers,
    ...begun.additionalHeaders,
  ])
  client.check(begun)
  server.check(answer)
  client.check(WebSocketEndClientHandshake(client.handle, answer.responseHeaders))
  if (how % 8 === 1) server.check(WebSocketEndServerHandshake(server.handle))
}

function step(call: number, end: End, other: End, choices: Choices): void {
  switch (call % 18) {
    case 0:
      end.send(choices.pick(SEND_TYPES), choices.payload(), choices.isYes())
      break
    case 1:
      end.receive(choices.byte())
      break
    case 2:
      end.getAction(choices.below(5), choices.below(4), other)
      break
    case 3:
      end.complete(choices.byte(), choices.byte(), other)
      break
    case 4:
      end.completeForeign(choices.byte(), choices.byte())
      break
    case 5:
      end.abort()
      break
    case 6:
      if (choices.below(16) === 0) end.delete()
      break
    case 7:
      end.checkState()
      break
    case 8:
      end.ping(choices.bytes(choices.below(128)))
      break
    case 9:
      end.callAtWrongMoment(choices.byte())
      break
    case 10:
      other.isDisturbed = true
      end.inbox = concat(end.inbox, choices.bytes(choices.below(64)))
      break
    case 11:
      if (choices.below(8) === 0) end.detach(choices.byte())
      break
    case 12:
      end.close(undefined, undefined)
      break
    case 13:
      end.close(1000 + choices.byte(), undefined)
      break
    case 14:
    case 15:
    case 16:
      end.pump(other)
      break
    default:
      end.close(choices.byte() * 256 + choices.byte(), choices.bytes(choices.below(128)))
  }
}

interface Operation {
  readonly context: object
  readonly bufferType: number
  /** The memory that was given with it, and what was in it. */
  readonly memory: Uint8Array | undefined
  readonly content: Uint8Array | undefined
}

interface Outstanding {
  readonly action: GetActionResult
  readonly buffers: readonly Uint8Array[]
  /** What was in them when they were handed out. */
  readonly content: readonly Uint8Array[]
}

/** A handle with the program that uses it. */
class End {
  readonly handle: Handle
  readonly role: 'client' | 'server'
  /** Bytes that arrived and were not read. */
  inbox: Uint8Array = new Uint8Array(0)
  /** Whether the peer got anything else than what was sent here. */
  isDisturbed = false
  readonly #guarded: Uint8Array | undefined
  readonly #checksText: boolean
  readonly #reader: WireReader
  readonly #sends: Operation[] = []
  readonly #receives: Operation[] = []
  readonly #sent: Uint8Array[] = []
  readonly #received: Uint8Array[] = []
  #sending: Uint8Array[] = []
  #pieces: Uint8Array[] = []
  #outstanding: Outstanding[] = []
  #completed: ActionContext | undefined
  #isDeleted = false
  #isAborted = false
  // A frame was not written as a whole: what follows on the wire is no frame.
  #isTorn = false

  constructor(role: 'client' | 'server', settings: number, choices: Choices, reservedBits: number) {
    this.role = role
    const receiveSize = 256 + choices.byte()
    const sendSize = (role === 'client' ? 256 : 16) + choices.byte()
    const properties: WEB_SOCKET_PROPERTY[] = [
      { type: WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, value: receiveSize },
      { type: WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, value: sendSize },
      { type: WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE, value: (settings & 1) !== 0 },
      { type: WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE, value: (settings & 2) !== 0 },
    ]
    if ((settings & 4) !== 0) {
      const size = receiveSize + sendSize + CONTROL_AREA_BYTES
      this.#guarded = new Uint8Array(size + 2 * GUARD_BYTES).fill(GUARD)
      const value = this.#guarded.subarray(GUARD_BYTES, GUARD_BYTES + size)
      properties.push({ type: WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE, value })
    }
    if ((settings & 8) !== 0) {
      properties.push({ type: WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE, value: 32 })
      properties.push({ type: WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE, value: 3 })
    }
    this.#checksText = (settings & 2) === 0
    this.#reader = new WireReader(role, reservedBits, { checksText: this.#checksText })
    const create = role === 'client' ? WebSocketCreateClientHandle : WebSocketCreateServerHandle
    const created = create(properties)
    holdsSame(created.hr, 0, 'A handle is created')
    this.handle = created.handle
    this.check(WspcSetRandomSource(this.handle, () => 0x37fa_213d))
  }

  check({ hr, detail }: { hr: number; detail?: string }): boolean {
    holds(RESULT_CODES.has(hr), 'A result code is one of the list')
    holdsSame(detail === undefined, hr === 0, 'Whatever fails says why')
    return hr === 0
  }

  // --- operations --------------------------------------------------------------------------------------------------

  send(bufferType: number, payload: Uint8Array, hasBuffer: boolean): void {
    const buffer: WEB_SOCKET_BUFFER | undefined = hasBuffer ? { data: payload } : undefined
    const context = {}
    if (!this.check(WebSocketSend(this.handle, bufferType, buffer, context))) return
    const memory = hasBuffer ? payload : undefined
    this.#sends.push({ context, bufferType, memory, content: memory?.slice() })
    const isFragment =
      bufferType === WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE || bufferType === WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE
    const isMessage =
      bufferType === WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE || bufferType === WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
    if (bufferType < WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE) this.isDisturbed = true // what it means is the extension's affair
    if (!isFragment && !isMessage) return
    this.#sending.push(hasBuffer ? payload.slice() : new Uint8Array(0))
    if (isMessage) this.#sent.push(concat(...this.#sending.splice(0)))
  }

  close(status: number | undefined, reason: Uint8Array | undefined): void {
    const context = {}
    const bufferType = WEB_SOCKET_CLOSE_BUFFER_TYPE
    const buffer = status === undefined ? undefined : { status, reason }
    if (!this.check(WebSocketSend(this.handle, bufferType, buffer, context))) return
    this.#sends.push({ context, bufferType, memory: reason, content: reason?.slice() })
  }

  /** The program takes away memory that it has lent. */
  detach(which: number): void {
    const lent = [...this.#sends, ...this.#receives].flatMap(({ memory }) => memory ?? [])
    const memory = which === 255 ? this.#guarded : lent[which % (lent.length || 1)]
    if (memory === undefined || memory.length === 0) return
    structuredClone(memory.buffer, { transfer: [memory.buffer as ArrayBuffer] })
    this.#isTorn = true
    this.isDisturbed = true
    this.#isAborted = true // by the engine, when it comes to it
  }

  ping(payload: Uint8Array): void {
    const context = {}
    if (!this.check(WspcSendPing(this.handle, payload, context))) return
    this.#sends.push({
      context,
      bufferType: WEB_SOCKET_PING_PONG_BUFFER_TYPE,
      memory: payload,
      content: payload.slice(),
    })
  }

  /** @param size Of the program's own buffer; 0 for none. */
  receive(size: number): void {
    const memory = size === 0 ? undefined : new Uint8Array(size).fill(UNTOUCHED)
    const context = {}
    const buffer = memory && { data: memory }
    if (!this.check(WebSocketReceive(this.handle, buffer, context))) return
    this.#receives.push({ context, bufferType: 0, memory, content: undefined })
  }

  getAction(queue: number, slots: number, other: End): GetActionResult | undefined {
    const action = WebSocketGetAction(this.handle, queue, slots)
    const isGood = this.check(action)
    if (!isGood || action.action === WEB_SOCKET_NO_ACTION) {
      holdsSame(action.dataBuffers.length, 0, 'Buffers of no action')
      holds(action.actionContext === undefined && action.applicationContext === undefined, 'Contexts of no action')
      if (isGood) this.#checkNothingToDo(queue)
      return undefined
    }
    holds(slots >= action.dataBuffers.length, 'No more buffers than there are slots')
    this.#handOut(action)
    if (action.action === WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION) this.#sendIndicated(action)
    if (action.action === WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) this.#receiveIndicated(action, other)
    return action
  }

  /** "GetAction(RECEIVE) never answers NO_ACTION while a receive is queued" and nothing of it is outstanding (§6.3). */
  #checkNothingToDo(queue: number): void {
    if ((queue & RECEIVE_QUEUE) === 0 || this.#receives.length === 0) return
    holds(
      this.#outstanding.some(({ action }) => isOfReceive(action)),
      'A receive that is queued has an action',
    )
  }

  #handOut(action: GetActionResult): void {
    const buffers = action.dataBuffers.flatMap(({ data }) => data ?? [])
    for (const { buffers: others } of this.#outstanding) {
      for (const buffer of buffers) {
        holds(!others.some((other) => overlaps(buffer, other)), 'No two actions have the same memory')
      }
    }
    if (action.action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
      holds(buffers.length === 1 && buffers[0]!.length > 0, 'There is room to read into')
    }
    this.#outstanding.push({ action, buffers, content: buffers.map((buffer) => buffer.slice()) })
  }

  #sendIndicated({ bufferType, applicationContext }: GetActionResult): void {
    const operation = this.#sends.shift()
    holds(operation !== undefined && operation.context === applicationContext, 'Sends are indicated once and in order')
    holdsSame(bufferType, operation.bufferType, 'Buffer type of a send')
    const { memory, content } = operation
    holds(memory === undefined || isUnchanged(memory, content!), 'What is sent is never changed')
  }

  #receiveIndicated({ bufferType, applicationContext, dataBuffers, cancelled }: GetActionResult, peer: End): void {
    const operation = this.#receives.shift()
    holds(operation !== undefined && operation.context === applicationContext, 'Receives are indicated once, in order')
    holdsSame(dataBuffers.length, 1, 'Buffers of a receive')
    const data = dataBuffers[0]!.data
    // What was received for it before the handle was aborted may be in it, and belongs to nobody.
    const memory = cancelled && this.#isAborted ? undefined : operation.memory
    const isData = bufferType >= WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE && bufferType < WEB_SOCKET_CLOSE_BUFFER_TYPE
    const used = (isData || isExtended(bufferType)) && memory !== undefined ? data!.length : 0
    if (memory !== undefined) holds(isUntouched(memory, used), 'No more is written than is received')
    if (cancelled) holds(bufferType === 0 && data?.length === 0, 'A receive that was cancelled has no data')
    if (!isData) return
    this.#pieces.push(data!.slice())
    const isLast =
      bufferType === WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE || bufferType === WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
    if (!isLast) return
    const message = concat(...this.#pieces.splice(0))
    const isText = bufferType === WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
    holds(!isText || !this.#checksText || isUtf8(message), 'Text is UTF-8')
    this.#received.push(message)
    holds(peer.isDisturbed || this.#received.length <= peer.#sent.length, 'Nothing arrives that was not sent')
  }

  // --- completions -------------------------------------------------------------------------------------------------

  complete(which: number, how: number, other: End): void {
    const outstanding = this.#outstanding[which % (this.#outstanding.length || 1)]
    if (outstanding !== undefined) this.#complete(outstanding, how, other)
  }

  #complete(outstanding: Outstanding, how: number, other: End): void {
    const { action, buffers, content } = outstanding
    this.#outstanding = this.#outstanding.filter((each) => each !== outstanding)
    const size = buffers.reduce((sum, buffer) => sum + buffer.length, 0)
    let count = how < 192 ? size : how < 224 ? how % (size + 1) : how < 240 ? 0 : (WRONG_COUNTS[how % 8] as number)
    if (action.action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) {
      for (const [i, buffer] of buffers.entries()) {
        holds(isUnchanged(buffer, content[i]!), 'What is to be written stays as it is until it is')
      }
      this.#written(buffers, count === size, other)
    } else if (action.action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
      count = how < 240 ? this.#read(buffers[0]!, how < 192 ? size : count) : count
      if (how >= 240) other.isDisturbed = true
    }
    this.#completed = action.actionContext
    WebSocketCompleteAction(this.handle, action.actionContext, count)
  }

  #written(buffers: readonly Uint8Array[], isWhole: boolean, other: End): void {
    if (!isWhole || this.#isAborted || this.#isDeleted) this.#isTorn = true
    if (this.#isTorn) {
      this.isDisturbed = true
      return
    }
    this.#reader.read(...buffers)
    other.inbox = concat(other.inbox, ...buffers)
  }

  #read(room: Uint8Array, most: number): number {
    if (room.length === 0) return 0 // it was taken away
    const bytes = this.inbox.subarray(0, Math.min(most, room.length))
    room.set(bytes)
    this.inbox = this.inbox.subarray(bytes.length)
    return bytes.length
  }

  completeForeign(which: number, count: number): void {
    const foreign = [undefined, null, {}, 7, 'context', this.handle, this.#completed, new Uint8Array(4)]
    WebSocketCompleteAction(this.handle, foreign[which % foreign.length] as ActionContext | undefined, count)
  }

  // --- everything else ---------------------------------------------------------------------------------------------

  abort(): void {
    this.#isAborted = true
    WebSocketAbortHandle(this.handle)
  }

  delete(): void {
    this.#isDeleted = true
    WebSocketDeleteHandle(this.handle)
    this.#sends.length = 0
    this.#receives.length = 0
  }

  checkState(): void {
    const { hr, state } = WspcGetState(this.handle)
    holds(RESULT_CODES.has(hr), 'A result code is one of the list')
    if (state === undefined || state.phase === 'created' || state.phase === 'handshake') return
    const indications = this.#outstanding.map(({ action }) => action.action)
    const sends = indications.filter((action) => action === WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION).length
    const receives = indications.filter((action) => action === WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION).length
    holdsSame(state.queuedSends, this.#sends.length + sends, 'Sends that are queued')
    holdsSame(state.queuedReceives, this.#receives.length + receives, 'Receives that are queued')
  }

  callAtWrongMoment(which: number): void {
    const { handle } = this
    switch (which % 8) {
      case 0:
        this.check(WebSocketBeginClientHandshake(handle, ['chat']))
        break
      case 1:
        this.check(WebSocketEndClientHandshake(handle, []))
        break
      case 2:
        this.check(WebSocketBeginServerHandshake(handle, 'chat', undefined, []))
        break
      case 3:
        this.check(WebSocketEndServerHandshake(handle))
        break
      case 4:
        this.check(WspcOpenHandle(handle))
        break
      case 5:
        this.check(WebSocketGetGlobalProperty(which >> 3, which >> 5))
        break
      case 6:
        this.check(WebSocketGetAction(undefined, 3, 2))
        this.check(WebSocketSend(undefined, WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE))
        break
      default:
        this.check(WebSocketGetAction(handle, which, Number.NaN))
        this.check(WebSocketGetAction(handle, 0.5, -1))
    }
  }

  /** What a program does: all there is to do, one after the other. */
  pump(other: End): void {
    const reading = this.#outstanding.find(({ action }) => action.action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION)
    if (reading !== undefined && this.inbox.length > 0) this.#complete(reading, 0, other)
    for (let steps = 0; ; steps++) {
      holds(steps < MOST_STEPS, 'There is an end to what is to do')
      const action = this.getAction(3, 2, other)
      if (action === undefined) return
      if (action.action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION && this.inbox.length === 0) return
      this.#complete(this.#outstanding.at(-1)!, 0, other)
    }
  }

  /** Abort, drain, delete (§1). */
  finish(): void {
    this.abort()
    for (const outstanding of [...this.#outstanding]) this.#complete(outstanding, 0, this)
    for (let steps = 0; this.#sends.length + this.#receives.length > 0; steps++) {
      if (this.getAction(3, 1, this) === undefined) break
      this.#complete(this.#outstanding.at(-1)!, 0, this)
      holds(steps < MOST_STEPS, 'There is an end to what is to do')
    }
    holdsSame(this.#sends.length + this.#receives.length, 0, 'Operations that were never indicated')
    this.checkState()
    WebSocketDeleteHandle(this.handle)
    holdsSame(WspcGetState(this.handle).hr, 0x8007_0006, 'State of a handle that was deleted')
    this.#checkGuards()
  }

  #checkGuards(): void {
    const guarded = this.#guarded
    if (guarded === undefined || guarded.length === 0) return
    const guards = [...guarded.subarray(0, GUARD_BYTES), ...guarded.subarray(-GUARD_BYTES)]
    holds(
      guards.every((byte) => byte === GUARD),
      'Memory beside that of the handle is not touched',
    )
  }

  /** What the peer was given: the first messages that were sent here. */
  checkArrived(peer: End): void {
    if (this.isDisturbed) return
    for (const [i, message] of peer.#received.entries()) {
      holds(this.#sent[i] !== undefined && isSameBytes(message, this.#sent[i]), 'What arrives was sent, in order')
    }
  }
}

const MOST_STEPS = 10_000

const WRONG_COUNTS: readonly unknown[] = [-1, Number.NaN, Number.POSITIVE_INFINITY, 0.5, '3', undefined, 2 ** 40, 1e300]

function isOfReceive({ action }: GetActionResult): boolean {
  return action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION || action === WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION
}

/** A buffer type of an extension (Q17); 0 is that of a receive that was cancelled. */
function isExtended(bufferType: number): boolean {
  return bufferType > 0 && bufferType < WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
}

function isUntouched(memory: Uint8Array, from: number): boolean {
  for (let i = from; i < memory.length; i++) {
    if (memory[i] !== UNTOUCHED) return false
  }
  return true
}

/** Memory that was detached has no bytes any more. */
function isUnchanged(memory: Uint8Array, content: Uint8Array): boolean {
  return memory.length === 0 || isSameBytes(memory, content)
}

function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  if (a.buffer !== b.buffer || a.length === 0 || b.length === 0) return false
  return a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length
}
