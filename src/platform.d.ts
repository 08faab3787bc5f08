// The web globals that every JavaScript runtime has, and the only ones that floors 0 to 2 may use. They are declared
// here, by hand and no wider than needed, so that the core compiles without the types of any platform.

interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number }
}
declare var TextEncoder: { new (): TextEncoder }

interface TextDecoder {
  decode(input?: Uint8Array, options?: { stream?: boolean }): string
}
declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder
}

declare function btoa(data: string): string
declare function atob(data: string): string

/** The platform's cryptographic random source. */
declare var crypto: { getRandomValues(array: Uint32Array<ArrayBuffer>): unknown }
