// How far each half of the connection has closed (RFC 6455 §5.5.1, §7.1). What users call open, closing and closed is
// derived from the two halves and stored nowhere.

export type SendHalf = 'open' | 'closeSent' | 'ended'
export type ReceiveHalf = 'open' | 'closeReceived' | 'failed' | 'ended'

/** What a frame is for, as far as the sending half cares. */
export type FrameKind = 'data' | 'ping' | 'pong' | 'close'

/** After a Close frame only data frames are forbidden (RFC 6455 §5.5.1); a second Close has no meaning. */
const MAY_SEND: Record<SendHalf, readonly FrameKind[]> = {
  open: ['data', 'ping', 'pong', 'close'],
  closeSent: ['ping', 'pong'],
  ended: [],
}

/** Whether a frame of this kind may be sent now. */
export function maySend(half: SendHalf, kind: FrameKind): boolean {
  return MAY_SEND[half].includes(kind)
}

export type ReadyState = 'open' | 'closing' | 'closed'

/** The application's view, derived and never stored. */
export function readyState(send: SendHalf, receive: ReceiveHalf): ReadyState {
  if (send === 'ended' && receive === 'ended') return 'closed'
  return send === 'open' && receive === 'open' ? 'open' : 'closing'
}
