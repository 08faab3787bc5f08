// What the outside may rely on, by name.
export type { DeliveryMode } from './delivery.ts'
export type {
  ClosedEvent,
  CloseEvent,
  CloseInfo,
  FailureEvent,
  FragmentEvent,
  MessageEvent,
  MessageType,
  PingEvent,
  PongEvent,
  SessionEvent,
} from './event.ts'
export type { ReadyState } from './half.ts'
export { DEFAULT_KEEPALIVE, type Keepalive } from './keepalive.ts'
export { DEFAULT_LIMITS, type Limits } from './limits.ts'
export type { FrameWriter } from './output.ts'
export { PreparedMessage, type PrepareOptions, prepareMessage } from './prepared-message.ts'
export { type Passed, PreparedRun } from './prepared-run.ts'
export type { MessageValues } from './receive.ts'
export type { SendOptions } from './send.ts'
export { type Role, Session, type SessionOptions } from './session.ts'
export {
  type Direction,
  type FrameRecord,
  type MessageRecord,
  NO_TRAFFIC,
  type SessionStats,
  type TrafficRecord,
} from './traffic.ts'
