// How a connection ended, from what was said by whom (RFC 6455 §7.1.4 to §7.1.6).

import { CloseCode } from '../codec/close-code.ts'
import type { CloseStatus } from '../codec/close-payload.ts'
import type { WebSocketError } from '../codec/web-socket-error.ts'
import type { CloseInfo } from './event.ts'

/** The Close frames of both sides and what went wrong, as far as there is any of it. */
export interface Ending {
  /** Who began; nobody has as long as it is `undefined`. */
  readonly initiator: 'local' | 'remote' | undefined
  readonly sent: CloseStatus | undefined
  readonly received: CloseStatus | undefined
  readonly error: WebSocketError | undefined
}

export const NOT_ENDING: Ending = { initiator: undefined, sent: undefined, received: undefined, error: undefined }

/** Whether the closing handshake is complete (RFC 6455 §7.1.4). */
export function isHandshakeComplete(ending: Ending): boolean {
  return ending.sent !== undefined && ending.received !== undefined
}

/** What the application is told once the byte stream has ended. */
export function closeInfo(ending: Ending): CloseInfo {
  const { initiator = 'remote', sent, received, error } = ending
  const code = received?.code ?? error?.closeCode ?? CloseCode.abnormalClosure
  return {
    code,
    reason: received?.reason ?? (sent?.code === code ? sent.reason : ''),
    wasClean: isHandshakeComplete(ending) && error === undefined,
    initiator,
    sentCode: sent?.code,
    receivedCode: received?.code,
    error,
  }
}
