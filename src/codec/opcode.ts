// The opcodes (RFC 6455 §5.2 and §11.8): three for data, three for control, the rest reserved.

/** The opcodes in use. 0x3–0x7 and 0xb–0xf are reserved for further data and control frames. */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const

/** Control frames have the top bit of the opcode set (RFC 6455 §5.5). */
export function isControlOpcode(opcode: number): boolean {
  return (opcode & 0x8) !== 0
}

/** 0x3–0x7 are reserved for further data frames, 0xb–0xf for further control frames (RFC 6455 §5.2). */
export function isReservedOpcode(opcode: number): boolean {
  return (opcode & 0x7) > Opcode.binary
}
