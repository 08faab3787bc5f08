// The close codes (RFC 6455 §7.4, IANA registry "WebSocket Close Code Number") as one table.

/** The registered close codes by their usual names. 1004 is reserved; 1005, 1006 and 1015 never travel. */
export const CloseCode = {
  normalClosure: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatusReceived: 1005,
  abnormalClosure: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  tlsHandshake: 1015,
} as const

// Every code from 0 to 65,535 is in one of these rows.
const CLOSE_CODE_RANGES = [
  { from: 0, to: 999, mayTravel: false }, // not used (§7.4.2)
  { from: 1000, to: 1003, mayTravel: true },
  { from: 1004, to: 1006, mayTravel: false }, // reserved; 1005 and 1006 are never on the wire (§7.4.1)
  { from: 1007, to: 1014, mayTravel: true }, // 1012 to 1014 were registered later
  { from: 1015, to: 2999, mayTravel: false }, // 1015 is never on the wire; the rest is unassigned (§7.4.2)
  { from: 3000, to: 4999, mayTravel: true }, // libraries and frameworks, then private use (§7.4.2)
  { from: 5000, to: 65_535, mayTravel: false },
] as const

/** Whether a Close frame may carry this code, in either direction (RFC 6455 §7.4). */
export function mayTravel(code: number): boolean {
  return Number.isInteger(code) && CLOSE_CODE_RANGES.some((row) => code >= row.from && code <= row.to && row.mayTravel)
}
