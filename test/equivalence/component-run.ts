// One handle of the component, driven from its opening to the end of a stream: in which portions bytes are read, which
// calls come between, how long actions stay in the application's hands. All of it legal, and drawn from a seed.

import * as component from '../../src/component/index.ts'
import type { Role } from '../../src/session/index.ts'
import type { SeededRandom } from '../support/random.ts'
import { concat, utf8 } from '../support/wire.ts'
import type { Recording } from './recording.ts'
import { LIMITS } from './streams.ts'

/** What is tested: the functions of the component. */
export type Component = Pick<
  typeof component,
  | 'WebSocketCreateClientHandle'
  | 'WebSocketCreateServerHandle'
  | 'WspcOpenHandle'
  | 'WspcSetRandomSource'
  | 'WebSocketSend'
  | 'WebSocketReceive'
  | 'WebSocketGetAction'
  | 'WebSocketCompleteAction'
  | 'WebSocketAbortHandle'
  | 'WebSocketDeleteHandle'
>

export type Targets = readonly (number | undefined)[]

/** How the calls come. */
export interface Plan {
  readonly receiveBufferSize: number
  /** Bytes that are handed over with the opening. */
  readonly earlyBytes: number
  /** How many receives may be queued at once. */
  readonly mostReceives: number
  /** How large the buffers of its own are that the receives have, by turns; `undefined` for memory of the engine. */
  readonly targets: Targets
  /** How many bytes the next read brings, at most. */
  nextRead(): number
  /** The sends that the application makes, and whether it makes one now. */
  readonly sends: readonly Send[]
  sendsNow(): boolean
  /** Whether each action is completed before anything else is called. */
  readonly isPrompt: boolean
  /** Which of so many things to do next. */
  choose(count: number): number
}

export interface Send {
  readonly bufferType: number
  readonly data?: Uint8Array
  /** That of the frame that it becomes. */
  readonly opcode: number
}

const { WEB_SOCKET_BUFFER_TYPE, WEB_SOCKET_ACTION, WEB_SOCKET_ALL_ACTION_QUEUE: ALL } = component

/** One of each kind but pongs, one of which takes several writes of a client. */
const SENDS: readonly Send[] = [
  { opcode: 1, bufferType: WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, data: utf8('of ours') },
  { opcode: 9, bufferType: WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_PING_PONG_BUFFER_TYPE },
  {
    opcode: 2,
    bufferType: WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
    data: new Uint8Array(600).fill(7),
  },
  { opcode: 0, bufferType: WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE },
]

/** What pieces of messages are handed over as. */
const DATA_TYPES: ReadonlyMap<number, { readonly type: 'text' | 'binary'; readonly final: boolean }> = new Map([
  [WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, { type: 'text', final: true }],
  [WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE, { type: 'text', final: false }],
  [WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, { type: 'binary', final: true }],
  [WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE, { type: 'binary', final: false }],
])

/** The masking key of a client: that of the examples in RFC 6455 §5.7. */
const KEY = 0x37fa_213d

// More than any run takes; what goes on for longer goes on for ever.
const MOST_STEPS = 20_000

type Action = ReturnType<typeof component.WebSocketGetAction>

/** An action in the application's hands, with what its buffers held when it was given. */
interface Held {
  readonly action: Action
  readonly content: Uint8Array
}

export class ComponentRun {
  readonly #component: Component
  readonly #plan: Plan
  readonly #recording: Recording
  readonly #handle: component.Handle
  readonly #wire: Uint8Array
  #at: number
  readonly #held: Held[] = []
  readonly #written: Uint8Array[] = []
  #queued = 0
  #receives = 0
  #sent = 0
  #isOver = false

  constructor(subject: Component, role: Role, wire: Uint8Array, plan: Plan, recording: Recording) {
    this.#component = subject
    this.#plan = plan
    this.#recording = recording
    this.#wire = wire
    this.#at = plan.earlyBytes
    const create = role === 'client' ? subject.WebSocketCreateClientHandle : subject.WebSocketCreateServerHandle
    const { handle } = create([
      { type: component.WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE, value: plan.receiveBufferSize },
      { type: component.WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE, value: 256 },
      { type: component.WSPC_MAX_MESSAGE_BYTES_PROPERTY_TYPE, value: LIMITS.maxMessageBytes },
      { type: component.WSPC_MAX_MESSAGE_FRAGMENTS_PROPERTY_TYPE, value: LIMITS.maxMessageFragments },
    ])
    this.#handle = handle
    subject.WspcSetRandomSource(handle, () => KEY)
    subject.WspcOpenHandle(handle, { receivedBytes: wire.subarray(0, plan.earlyBytes) })
  }

  /** @returns what was written. @throws Error when the component breaks a rule. */
  run(): Uint8Array {
    for (let steps = 0; !this.#isOver; steps++) {
      if (steps === MOST_STEPS) throw new Error('It does not come to an end')
      this.#step()
    }
    this.#finish()
    return concat(...this.#written)
  }

  #step(): void {
    const plan = this.#plan
    if (this.#queued < plan.mostReceives && (this.#queued === 0 || plan.choose(3) === 0)) this.#receive()
    if (this.#isOver) return
    if (this.#sent < plan.sends.length && plan.sendsNow()) this.#send()
    if (this.#held.length > 0 && (plan.isPrompt || plan.choose(2) === 0)) {
      this.#complete(plan.choose(this.#held.length))
    } else {
      this.#fetch(plan.isPrompt ? ALL : 1 + plan.choose(3), plan.isPrompt ? 2 : 1 + plan.choose(3))
    }
  }

  #receive(): void {
    const { targets } = this.#plan
    const size = targets[this.#receives % targets.length]
    const buffer = size === undefined ? undefined : { data: new Uint8Array(size) }
    const { hr } = this.#component.WebSocketReceive(this.#handle, buffer)
    if (hr === component.S_OK) {
      this.#receives++
      this.#queued++
    } else if (hr !== component.E_INVALID_PROTOCOL_OPERATION || this.#queued === 0) {
      throw new Error(`A receive is refused: ${hr}`)
    } // else a Close frame came already, of which the receive in front of this one will tell
  }

  #send(): void {
    const { bufferType, data } = this.#plan.sends[this.#sent++]!
    const buffer = data === undefined ? undefined : { data }
    const { hr } = this.#component.WebSocketSend(this.#handle, bufferType, buffer)
    if (hr !== component.S_OK) throw new Error(`A send is refused: ${hr}`)
  }

  /** Asks for an action. @returns whether there was one. */
  #fetch(queue: number, slots: number): boolean {
    const action = this.#component.WebSocketGetAction(this.#handle, queue, slots)
    if (action.hr !== component.S_OK) {
      this.#recording.state(`${action.hr}: ${action.detail}`)
      this.#isOver = true
      return false
    }
    if (action.action === WEB_SOCKET_ACTION.WEB_SOCKET_NO_ACTION) return false
    if (action.action === WEB_SOCKET_ACTION.WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) this.#indicated(action)
    this.#held.push({ action, content: contentOf(action) })
    return true
  }

  #indicated({ bufferType, dataBuffers, cancelled }: Action): void {
    const { data, status, reason } = dataBuffers[0]!
    if (cancelled === true) {
      if (this.#at < this.#wire.length) throw new Error('A receive is cancelled before the end')
      this.#isOver = true
      return
    }
    const type = DATA_TYPES.get(bufferType)
    if (type !== undefined) {
      this.#recording.event({ kind: 'fragment', ...type, payload: data!, endOfFrame: true, reservedBits: 0 })
    } else if (bufferType === WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_PING_PONG_BUFFER_TYPE) {
      this.#recording.pong(data!)
    } else if (bufferType === WEB_SOCKET_BUFFER_TYPE.WEB_SOCKET_CLOSE_BUFFER_TYPE) {
      this.#recording.state(`close ${status} ${reason === undefined ? 'without a payload' : reason.join()}`)
      this.#isOver = true
    } else {
      throw new Error(`A receive is completed with the buffer type ${bufferType}`)
    }
  }

  #complete(index: number): void {
    const { action, content } = this.#held.splice(index, 1)[0]!
    let count = 0
    if (action.action === WEB_SOCKET_ACTION.WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
      count = this.#read(action.dataBuffers[0]!.data!)
    } else {
      if (Buffer.compare(contentOf(action), content) !== 0) throw new Error('Memory in the application’s hands changed')
      if (action.action === WEB_SOCKET_ACTION.WEB_SOCKET_SEND_TO_NETWORK_ACTION) {
        this.#written.push(content)
        count = content.length
      } else if (action.action === WEB_SOCKET_ACTION.WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) {
        this.#queued--
      }
    }
    this.#component.WebSocketCompleteAction(this.#handle, action.actionContext, count)
  }

  /** Brings the next bytes of the stream. @returns how many, none once it has ended. */
  #read(room: Uint8Array): number {
    const count = Math.min(room.length, this.#wire.length - this.#at, this.#plan.nextRead())
    room.set(this.#wire.subarray(this.#at, this.#at + count))
    this.#at += count
    return count
  }

  /** Lets what is to be sent leave, and ends the handle as it should be. */
  #finish(): void {
    while (this.#held.length > 0) this.#complete(0)
    while (this.#sent < this.#plan.sends.length) this.#send()
    while (this.#fetch(component.WEB_SOCKET_SEND_ACTION_QUEUE, 2)) this.#complete(0)
    this.#component.WebSocketAbortHandle(this.#handle)
    for (let i = 0; this.#component.WebSocketGetAction(this.#handle, ALL, 2).action !== 0; i++) {
      if (i > 0) throw new Error('An action is given while another of its queue is out')
    }
    this.#component.WebSocketDeleteHandle(this.#handle)
  }
}

/** What the buffers of an action hold. */
function contentOf({ dataBuffers }: Action): Uint8Array {
  return concat(...dataBuffers.map(({ data, reason }) => data ?? reason ?? new Uint8Array(0)))
}

/** All is read at once, and everything is done at its time. */
export function plainPlan(targets: Targets, receiveBufferSize = 4_096): Plan {
  return {
    receiveBufferSize,
    earlyBytes: 0,
    mostReceives: 1,
    targets,
    nextRead: () => Number.POSITIVE_INFINITY,
    sends: [],
    sendsNow: () => false,
    isPrompt: true,
    choose: () => 0,
  }
}

const TARGETS: Targets = [undefined, undefined, 1, 7, 400]

/** Anything that is legal with a stream of so many bytes. */
export function somePlan(random: SeededRandom, length: number): Plan {
  const mostRead = random.pick([1, 3, 20, length + 1])
  return {
    receiveBufferSize: random.pick([256, 4_096]),
    earlyBytes: random.chance(3) ? random.between(0, length) : 0,
    mostReceives: random.between(1, 3),
    targets: Array.from({ length: random.between(1, 3) }, () => random.pick(TARGETS)),
    nextRead: () => random.between(1, mostRead),
    sends: random.chance(2) ? SENDS : [],
    sendsNow: () => random.chance(4),
    isPrompt: random.chance(4),
    choose: (count) => random.below(count),
  }
}
