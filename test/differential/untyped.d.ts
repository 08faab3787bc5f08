// What the tests use of packages that have no types.

declare module 'websocket-driver' {
  interface DriverEvents {
    open: object
    message: { data: string | Buffer }
    ping: { data: string }
    pong: { data: string }
    error: Error
    close: { code: number; reason: string }
  }
  export interface Driver {
    readonly io: { on(event: 'data', listener: (bytes: Buffer) => void): void }
    readonly _reader: { readonly _queueSize: number }
    readonly readyState: number
    addExtension(extension: object): boolean
    start(): boolean
    parse(chunk: Buffer): void
    on<Name extends keyof DriverEvents>(event: Name, listener: (event: DriverEvents[Name]) => void): this
  }
  const driver: {
    http(request: { method: string; url: string; headers: Record<string, string> }, options: object): Driver
    client(url: string, options: object): Driver & { readonly _accept: string }
  }
  export default driver
}

declare module 'permessage-deflate' {
  interface Session {
    processIncomingMessage(message: object, done: (error: Error | null, message: object | null) => void): void
  }
  export interface DeflateExtension {
    createClientSession(): Session
    createServerSession(offers: object[]): Session
  }
  const extension: { configure(options: object): DeflateExtension }
  export default extension
}
