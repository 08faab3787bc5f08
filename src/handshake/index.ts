// The opening handshake: on header lists for whoever has an HTTP stack, over bytes for whoever has none.

export {
  type ClientDecision,
  type ClientRequest,
  createRequest,
  type OpeningResponse,
  type RequestOptions,
  readResponse,
} from './client.ts'
export {
  HandshakeError,
  REFUSALS,
  type Refusal,
  type RefusalCode,
  type RefusalSubject,
  type RefusedResponse,
} from './handshake-error.ts'
export {
  allValues,
  type HeaderList,
  type HeadersOption,
  hasToken,
  joinedValue,
  oneValue,
  readHeaderList,
} from './header-list.ts'
export {
  ClientOpening,
  type ClientOpeningEvent,
  type ClientOpeningOptions,
  MAX_INTERIM_RESPONSES,
  MAX_RESPONSE_BODY_BYTES,
  type OpenEvent,
  type OpeningAgreement,
  type OpeningFailureEvent,
  type OpeningOptions,
  type RejectOptions,
  type RequestEvent,
  ServerOpening,
  type ServerOpeningEvent,
  type ServerOpeningOptions,
} from './http1-opening.ts'
export { acceptValue, drawKey, isKey, isSameSecret } from './key.ts'
export { formatRefusal, type RefusalResponse } from './refusal-response.ts'
export {
  checkPolicy,
  decideUpgrade,
  type OpeningRequest,
  rejectUpgrade,
  type ServerDecision,
  type ServerPolicy,
  type UpgradeAcceptance,
  type UpgradeRejection,
} from './server.ts'
export { statusTextOf } from './status-text.ts'
export { parseSubprotocolOffer, readSubprotocols } from './subprotocol.ts'
