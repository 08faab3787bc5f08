// The component under the calls of the model: it does what a call says, and tells what came back in the words of the model.
// Beside that it watches memory: what an action lends stays as it is until the action is completed, lies inside the memory of
// the handle, and nobody writes to the application's.

import type {
  GetActionResult,
  Handle,
  WEB_SOCKET_BUFFER,
  WebSocketAbortHandle,
  WebSocketCompleteAction,
  WebSocketDeleteHandle,
  WebSocketGetAction,
  WebSocketReceive,
  WebSocketSend,
} from '../../src/component/index.ts'
import {
  WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
  WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
  WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WspcOpenHandle,
  WspcSetRandomSource,
} from '../../src/component/index.ts'
import { isSameBytes } from '../support/wire.ts'
import { type Call, digits, RECEIVE_KINDS, type Role, SEND_KINDS, type SendKind } from './calls.ts'
import {
  type ExpectedBuffer,
  HR,
  type Outcome,
  RECEIVE_BUFFER_BYTES,
  SEND_BUFFER_BYTES,
  VOID,
  wireBytes,
} from './model.ts'

/** What is compared with the model: the functions of an open handle. A test of the explorer hands in some with a fault. */
export interface Component {
  readonly send: typeof WebSocketSend
  readonly receive: typeof WebSocketReceive
  readonly getAction: typeof WebSocketGetAction
  readonly completeAction: typeof WebSocketCompleteAction
  readonly abort: typeof WebSocketAbortHandle
  readonly delete: typeof WebSocketDeleteHandle
}

type ActionContext = GetActionResult['actionContext']

/** The context of an operation, which comes back with its actions. */
class Operation {
  readonly id: number
  readonly memory: Uint8Array
  /** What it was given with; `undefined` for memory to receive into. */
  readonly content: Uint8Array | undefined

  constructor(id: number, memory: Uint8Array, content?: Uint8Array) {
    this.id = id
    this.memory = memory
    this.content = content
  }
}

/** An action in the hands of the application. */
interface Lent {
  readonly context: ActionContext
  readonly buffers: readonly Uint8Array[]
  /** What they contain; nothing that is to be kept, where they are to be read into. */
  readonly contents: readonly Uint8Array[] | undefined
  readonly bytes: number
}

const CONTROL_AREA_BYTES = 144
const MEMORY_STARTS_AT = 64
const MASKING_KEY = 0x37fa_213d
const PONG = 0x8000_0005

export class DrivenComponent {
  readonly #component: Component
  readonly #role: Role
  readonly #handle: Handle
  readonly #memory: Uint8Array
  readonly #operations: Operation[] = []
  #write: Lent | undefined
  #pong: Lent | undefined
  #receive: Lent | undefined
  #completed: ActionContext
  /** What is wrong with memory, as soon as something is. */
  memoryFault: string | undefined

  constructor(component: Component, role: Role) {
    this.#component = component
    this.#role = role
    const sendBytes = SEND_BUFFER_BYTES[role]
    const size = RECEIVE_BUFFER_BYTES + sendBytes + CONTROL_AREA_BYTES
    this.#memory = new Uint8Array(new ArrayBuffer(size + 2 * MEMORY_STARTS_AT), MEMORY_STARTS_AT, size)
    const create = role === 'client' ? WebSocketCreateClientHandle : WebSocketCreateServerHandle
    const { handle } = create([
      { type: WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, value: RECEIVE_BUFFER_BYTES },
      { type: WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, value: sendBytes },
      { type: WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE, value: this.#memory },
    ])
    this.#handle = handle
    WspcSetRandomSource(handle, () => MASKING_KEY)
    WspcOpenHandle(handle)
  }

  /** Does what the call says. */
  apply(call: Call): Outcome {
    const outcome = this.#apply(call)
    this.#checkMemory()
    return outcome
  }

  #apply(call: Call): Outcome {
    const handle = this.#handle
    switch (call.call) {
      case 'send': {
        const { bufferType, payload, status }: SendKind = SEND_KINDS[call.kind]
        const operation = this.#operation(payload.slice(), payload)
        const { hr } = this.#component.send(handle, bufferType, bufferOf(operation.memory, status), operation)
        return { hr }
      }
      case 'receive': {
        const size = RECEIVE_KINDS[call.kind]
        const operation = this.#operation(new Uint8Array(size).fill(0xaa))
        const buffer = size === 0 ? undefined : { data: operation.memory }
        return { hr: this.#component.receive(handle, buffer, operation).hr }
      }
      case 'getAction':
        return this.#getAction(call.queue, call.slots)
      case 'completeWrite': {
        const { bytes } = this.#write!
        const count = { all: bytes, fewer: bytes - 1, none: 0, more: bytes + 1_000 }[call.bytes]
        this.#write = this.#complete(this.#write!, count)
        return VOID
      }
      case 'completePong':
        this.#pong = this.#complete(this.#pong!, call.bytes === 'all' ? this.#pong!.bytes : 0)
        return VOID
      case 'completeRead': {
        const bytes = wireBytes(this.#role, call.wire)
        this.#receive!.buffers[0]!.set(bytes)
        this.#receive = this.#complete(this.#receive!, bytes.length)
        return VOID
      }
      case 'completeIndication':
        if (call.of === 'send') this.#write = this.#complete(this.#write!, call.bytes)
        else this.#receive = this.#complete(this.#receive!, call.bytes)
        return VOID
      case 'completeAgain':
        this.#component.completeAction(handle, this.#completed, 1)
        return VOID
      case 'completeNothing':
        this.#component.completeAction(handle, undefined, 1)
        return VOID
      case 'abort':
        this.#component.abort(handle)
        return VOID
      case 'delete':
        this.#component.delete(handle)
        return VOID
    }
  }

  #operation(memory: Uint8Array, content?: Uint8Array): Operation {
    const operation = new Operation(this.#operations.length, memory, content)
    this.#operations.push(operation)
    return operation
  }

  #complete(lent: Lent, bytes: number): undefined {
    this.#completed = lent.context
    this.#component.completeAction(this.#handle, lent.context, bytes)
  }

  #getAction(queue: number, slots: number): Outcome {
    const result = this.#component.getAction(this.#handle, queue, slots)
    const { hr, action, bufferType, dataBuffers, applicationContext, actionContext, cancelled } = result
    const operation = applicationContext instanceof Operation ? applicationContext : undefined
    const buffers = dataBuffers.map((buffer) => this.#tell(buffer, action, operation))
    if (action !== 0) this.#remember(result, operation)
    if ((actionContext !== undefined) !== (action !== 0)) this.memoryFault ??= 'an action without a context'
    const told = { hr, action, bufferType, buffers, operation: operation?.id }
    return cancelled === true ? { ...told, cancelled } : told
  }

  #remember(
    { action, bufferType, dataBuffers, actionContext }: GetActionResult,
    operation: Operation | undefined,
  ): void {
    const buffers = dataBuffers.flatMap(({ data, reason }) => data ?? reason ?? [])
    const contents = action === 3 ? undefined : buffers.map((buffer) => buffer.slice())
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0)
    const lent = { context: actionContext, buffers, contents, bytes }
    if (action === 1 && bufferType === PONG && operation === undefined) this.#pong = lent
    else if (action < 3) this.#write = lent
    else this.#receive = lent
  }

  /** A buffer in the words of the model. */
  #tell({ data, reason, status }: WEB_SOCKET_BUFFER, action: number, operation?: Operation): ExpectedBuffer {
    if (status !== undefined) return { status, reason: reason && digits(this.#inside(reason)) }
    if (data === undefined || (data.length === 0 && data.buffer !== this.#memory.buffer))
      return this.#tellEmpty(data, operation)
    if (operation !== undefined && data.buffer === operation.memory.buffer) {
      if (action === 1 && data.length === operation.memory.length) return { payloadOf: operation.id }
      return { target: operation.id, bytes: digits(data) }
    }
    this.#inside(data)
    if (action === 3 && data.length > 0 && data.length <= RECEIVE_BUFFER_BYTES) return { free: true }
    return { engine: digits(data) }
  }

  #tellEmpty(data: Uint8Array | undefined, operation?: Operation): ExpectedBuffer {
    const isTarget = data !== undefined && operation !== undefined && data.buffer === operation.memory.buffer
    return isTarget ? { target: operation.id, bytes: '' } : { none: true }
  }

  #inside(view: Uint8Array): Uint8Array {
    const { buffer, byteOffset, length } = this.#memory
    const isInside =
      view.buffer === buffer && view.byteOffset >= byteOffset && view.byteOffset + view.length <= byteOffset + length
    if (!isInside) this.memoryFault ??= 'a buffer outside the memory of the handle'
    return view
  }

  #checkMemory(): void {
    for (const lent of [this.#write, this.#pong, this.#receive]) {
      lent?.contents?.forEach((content, i) => {
        if (!isSameBytes(lent.buffers[i]!, content)) this.memoryFault ??= 'a buffer changed while it was lent'
      })
    }
    for (const { id, memory, content } of this.#operations) {
      if (content !== undefined && !isSameBytes(memory, content))
        this.memoryFault ??= `the payload of operation ${id} changed`
    }
  }
}

/** What `Send` is given: a Close frame with a status has a close status, all else data, and nothing is no buffer at all. */
function bufferOf(memory: Uint8Array, status: number | undefined): WEB_SOCKET_BUFFER | undefined {
  if (status !== undefined) return { reason: memory, status }
  return memory.length === 0 ? undefined : { data: memory }
}

/** What a call returned, as a line of a transcript. */
export function shownOutcome({ hr, action, bufferType, buffers, operation, cancelled }: Outcome): string {
  const name = Object.entries(HR).find(([, value]) => value === hr)?.[0] ?? hr.toString(16)
  if (action === undefined) return name
  const what = ['NO_ACTION', 'SEND_TO_NETWORK', 'INDICATE_SEND', 'RECEIVE_FROM_NETWORK', 'INDICATE_RECEIVE'][action]
  const type = bufferType?.toString(16)
  return `${name} ${what} ${type} ${JSON.stringify(buffers)} of operation ${operation}${cancelled ? ' cancelled' : ''}`
}
