// The fast ways of sockets, and the plain ones beside them: two sockets of which one is like any stream.

import type { Socket } from 'node:net'

/** Whether this runtime is Node, the only one where sockets have the fast ways. */
export const IS_NODE = process.versions['bun'] === undefined && !('Deno' in globalThis)

/** Makes a socket be read and written like any other stream: one with this property is taken for one of TLS. */
export function forcePlain(socket: Socket): Socket {
  return Object.assign(socket, { encrypted: false })
}
