// What happens on connections, for whoever watches the process from outside: channels that a runtime has, and the plain
// objects that are told there. Nothing is made for a channel that nobody listens to.

import type { WebSocketError } from '../codec/index.ts'
import type { CloseInfo, FrameRecord, MessageRecord, Role, Session, TrafficRecord } from '../session/index.ts'

/** Which connection something happened on. */
export interface ConnectionIdentity {
  /** The `id` of the connection. */
  readonly connectionId: number
}

/** A connection is open. */
export interface ConnectionDiagnostics extends ConnectionIdentity {
  readonly role: Role
  readonly url: string
  /** The peer's network address, where there is one. */
  readonly remoteAddress: string | undefined
  readonly subprotocol: string | undefined
}

/** A frame was sent or received. Of its payload there is the length, no byte. */
export interface FrameDiagnostics extends ConnectionIdentity, Omit<FrameRecord, 'kind'> {}

/** A message was sent or received. Of its payload there is the length, no byte. */
export interface MessageDiagnostics extends ConnectionIdentity, Omit<MessageRecord, 'kind'> {}

/** A connection is closed. */
export interface CloseDiagnostics
  extends ConnectionIdentity,
    Pick<CloseInfo, 'code' | 'reason' | 'wasClean' | 'initiator'> {}

/** A connection failed, or ended in a way that is not normal. Told once for each such connection, before its end. */
export interface FailureDiagnostics extends ConnectionIdentity {
  readonly error: WebSocketError
}

/** One channel; those of `node:diagnostics_channel` fit. */
export interface DiagnosticsChannel<Message> {
  /** Whether anybody listens. It is asked before anything is made to be published. */
  readonly hasSubscribers: boolean
  /** Tells those who listen. It does not throw. */
  publish(message: Message): void
}

/** Where a runtime tells what happens on its connections. */
export interface Diagnostics {
  readonly connection: DiagnosticsChannel<ConnectionDiagnostics>
  readonly frame: DiagnosticsChannel<FrameDiagnostics>
  readonly message: DiagnosticsChannel<MessageDiagnostics>
  readonly close: DiagnosticsChannel<CloseDiagnostics>
  readonly failure: DiagnosticsChannel<FailureDiagnostics>
}

const NOBODY = { hasSubscribers: false, publish() {} }
const NO_DIAGNOSTICS: Diagnostics = {
  connection: NOBODY,
  frame: NOBODY,
  message: NOBODY,
  close: NOBODY,
  failure: NOBODY,
}

let lastId = 0

/** 1 and up, as connections are opened. */
export function nextConnectionId(): number {
  return ++lastId
}

/** Whether anybody wants to know of frames or messages. */
export function isWatched(channels: Diagnostics | undefined): boolean {
  return channels !== undefined && (channels.frame.hasSubscribers || channels.message.hasSubscribers)
}

/** Tells what happens on one connection. */
export class Watch {
  readonly connectionId: number
  /** Whether frames or messages are wanted, and `publish` has something to do. */
  isOn = false
  readonly #session: Session
  readonly #channels: Diagnostics
  #isPublishing = false
  #hasFailed = false

  constructor(session: Session, connectionId: number, channels: Diagnostics = NO_DIAGNOSTICS) {
    this.connectionId = connectionId
    this.#session = session
    this.#channels = channels
  }

  /** Asked before anything goes into the session: is anybody interested in what comes of it? */
  look(): void {
    const { frame, message } = this.#channels
    const frames = frame.hasSubscribers
    const messages = message.hasSubscribers
    if (!frames && !messages && !this.isOn) return
    this.#session.recordFrames = frames
    this.#session.recordMessages = messages
    this.isOn = frames || messages
  }

  /** Tells what the session has recorded. Who is told may send something at once: that comes in its turn. */
  publish(): void {
    if (this.#isPublishing) return
    this.#isPublishing = true
    try {
      for (let records = this.#take(); records.length > 0; records = this.#take()) {
        for (const record of records) this.#publishRecord(record)
      }
    } finally {
      this.#isPublishing = false
    }
  }

  /** The connection is open, and somebody wants to know. */
  opened(address: Pick<ConnectionDiagnostics, 'url' | 'remoteAddress'>): void {
    const { connection } = this.#channels
    const { connectionId } = this
    const { role, subprotocol } = this.#session
    const { url, remoteAddress } = address
    connection.publish({ connectionId, role, url, remoteAddress, subprotocol })
  }

  /** The connection failed, or ended for this reason. Only the first is told, not the same again or one more on its way out. */
  failed(error: WebSocketError): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    const { failure } = this.#channels
    if (failure.hasSubscribers) failure.publish({ connectionId: this.connectionId, error })
  }

  /** The connection is closed; an error that nobody was told of yet is told first. */
  closed({ code, reason, wasClean, initiator, error }: CloseInfo): void {
    if (error !== undefined) this.failed(error)
    const { close } = this.#channels
    if (!close.hasSubscribers) return
    close.publish({ connectionId: this.connectionId, code, reason, wasClean, initiator })
  }

  #take(): TrafficRecord[] {
    return this.#session.takeRecords()
  }

  /** What a record tells is told as it is, under the identity of the connection. */
  #publishRecord(record: TrafficRecord): void {
    const { connectionId } = this
    if (record.kind === 'frame') {
      const { kind: _, ...told } = record
      this.#channels.frame.publish({ connectionId, ...told })
    } else {
      const { kind: _, ...told } = record
      this.#channels.message.publish({ connectionId, ...told })
    }
  }
}
