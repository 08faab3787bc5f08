// The opening handshake as a server decides it: refusals with their bytes, hooks, and what a raw client sees.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Client } from './module.ts'
import { type RequestParts, type Scenarios, until } from './stage.ts'

const REFUSED: Readonly<Record<string, RequestParts>> = {
  'another method': { method: 'POST' },
  'another upgrade': { headers: { Upgrade: 'foo' } },
  'no key': { headers: { 'Sec-WebSocket-Key': undefined } },
  'a key that is none': { headers: { 'Sec-WebSocket-Key': 'P5l8BJcZwRc=' } },
  'a key of other characters': { headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZ*==' } },
  'no version': { headers: { 'Sec-WebSocket-Version': undefined } },
  'another version': { headers: { 'Sec-WebSocket-Version': '12' } },
  'a version that is no number': { headers: { 'Sec-WebSocket-Version': 'x' } },
  'subprotocols that cannot be parsed': { headers: { 'Sec-WebSocket-Protocol': 'a,,b' } },
  'a subprotocol twice': { headers: { 'Sec-WebSocket-Protocol': 'a, a' } },
  'a subprotocol of nothing': { headers: { 'Sec-WebSocket-Protocol': '' } },
}

const REFUSED_WITH_DEFLATE: Readonly<Record<string, RequestParts>> = {
  'extensions that cannot be parsed': { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; a=' } },
  'an unknown parameter': { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; foo=15' } },
  'a window that is too large': {
    headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=16' },
  },
}

const LET_IN: Readonly<Record<string, RequestParts>> = {
  'an upgrade in capitals': { headers: { Upgrade: 'WebSocket' } },
  'version 8': { headers: { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'https://old.test' } },
  'version 13 in another spelling': { headers: { 'Sec-WebSocket-Version': '0x0d' } },
  'a key of zeros': { headers: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } },
  'subprotocols without a hook': { headers: { 'Sec-WebSocket-Protocol': 'b, a' } },
  'extensions that cannot be parsed, with compression off': { headers: { 'Sec-WebSocket-Extensions': ';;;' } },
  'an origin of another site': { headers: { Origin: 'https://elsewhere.test' } },
  'no host': { headers: { Host: 'x' } },
}

const DEFLATE_OFFERS: Readonly<Record<string, { options: object | boolean; offer: string }>> = {
  plain: { options: true, offer: 'permessage-deflate' },
  client_max_window_bits: { options: true, offer: 'permessage-deflate; client_max_window_bits' },
  'client_max_window_bits with a value': { options: true, offer: 'permessage-deflate; client_max_window_bits=10' },
  server_max_window_bits: { options: true, offer: 'permessage-deflate; server_max_window_bits=10' },
  takeover: { options: true, offer: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover' },
  'takeover wanted by the server': {
    options: { serverNoContextTakeover: true, clientNoContextTakeover: true },
    offer: 'permessage-deflate',
  },
  'windows wanted by the server': {
    options: { serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
    offer: 'permessage-deflate; client_max_window_bits',
  },
  'two offers': {
    options: { serverMaxWindowBits: false },
    offer: 'permessage-deflate; server_max_window_bits=10, permessage-deflate',
  },
  'another extension': { options: true, offer: 'foo; bar' },
  'another extension first': { options: true, offer: 'x-foo, permessage-deflate' },
  quoted: { options: true, offer: 'permessage-deflate; server_max_window_bits="10"' },
}

export const handshakeServer: Scenarios = {
  ...Object.fromEntries(
    Object.entries(REFUSED).flatMap(([name, request]) => [
      [
        `refused: ${name}`,
        async (_, stage) => {
          const { port } = await stage.server()
          await (await stage.rawClient(port, request)).left()
        },
      ],
      [
        `wsClientError: ${name}`,
        async (_, stage) => {
          const { server, port } = await stage.server()
          const track = stage.track('wss')
          server.on('wsClientError', (error, socket, incoming) => {
            track.note('wsClientError', error, socket.constructor.name, incoming.constructor.name, incoming.method)
            socket.end('HTTP/1.1 418 Teapot\r\n\r\n')
          })
          await (await stage.rawClient(port, request)).left()
        },
      ],
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(REFUSED_WITH_DEFLATE).map(([name, request]) => [
      `refused with compression on: ${name}`,
      async (_, stage) => {
        const { port } = await stage.server({ perMessageDeflate: true })
        const peer = await stage.rawPeer(port, request)
        if (!peer.letIn) await peer.left()
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(LET_IN).map(([name, request]) => [
      `let in: ${name}`,
      async (_, stage) => {
        const { port, sockets } = await stage.server({
          verifyClient: ({ origin }: { origin?: string }) => {
            stage.track('server').note('origin', origin)
            return true
          },
        })
        const peer = await stage.rawPeer(port, request)
        if (!peer.letIn) return peer.left()
        await until(() => sockets.length > 0)
        stage.track('server').note('protocol', sockets[0]!.protocol, 'extensions', sockets[0]!.extensions)
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(DEFLATE_OFFERS).map(([name, { options, offer }]) => [
      `compression is negotiated: ${name}`,
      async (_, stage) => {
        const { client, track } = await stage.serverOfRaw(
          { perMessageDeflate: options },
          { headers: { 'Sec-WebSocket-Extensions': offer } },
        )
        track.note('extensions', client.extensions)
      },
    ]),
  ),

  'verifyClient says no': async (_, stage) => {
    const { port } = await stage.server({ verifyClient: () => false })
    await (await stage.rawClient(port)).left()
  },

  'verifyClient is told who asks': async (_, stage) => {
    const track = stage.track('verify')
    const { port } = await stage.server({
      verifyClient: (info: { origin: string; secure: boolean; req: IncomingMessage }) => {
        track.note(Object.keys(info).sort(), info.origin, info.secure, info.req.url)
        return true
      },
    })
    const requests: [string, RequestParts][] = [
      ['13', { headers: { Origin: 'https://example.test', 'Sec-WebSocket-Origin': 'https://old.test' } }],
      ['none', {}],
    ]
    for (const [name, request] of requests) await stage.rawPeer(port, { ...request, name })
  },

  'verifyClient with a callback': async (_, stage) => {
    type Verified = (...values: unknown[]) => void
    const answers: Record<string, unknown[]> = {
      no: [false],
      'with a code': [false, 403],
      'with a message': [false, 404, 'Not here'],
      'with headers': [false, 503, 'Later', { 'Retry-After': 120, 'Content-Type': 'text/plain' }],
      nothing: [],
    }
    for (const [name, answer] of Object.entries(answers)) {
      const { port } = await stage.server({
        verifyClient: (_info: object, done: Verified) => setTimeout(() => done(...answer), 1),
      })
      await (await stage.rawClient(port, { name })).left()
    }
  },

  'verifyClient with a code that has no name': async (_, stage) => {
    const { port } = await stage.server({
      verifyClient: (_info: object, done: (...values: unknown[]) => void) => done(false, 499, 'What'),
    })
    await (await stage.rawClient(port)).left()
  },

  'verifyClient with a callback says yes, later': async (_, stage) => {
    const { track } = await stage.serverOfRaw({
      verifyClient: (_info: object, done: (verified: boolean) => void) => setTimeout(() => done(true), 5),
    })
    track.note('in')
  },

  'verifyClient of three arguments is called without a callback': async (_, stage) => {
    const track = stage.track('verify')
    const { port } = await stage.server({
      verifyClient: (info: object, second: unknown, third: unknown) => {
        track.note(Object.keys(info).sort(), second, third)
        return true
      },
    })
    await stage.rawPeer(port)
  },

  'the client goes away while verifyClient thinks': async (_, stage) => {
    const track = stage.track('verify')
    let answer: ((verified: boolean) => void) | undefined
    const { server, port } = await stage.server({
      verifyClient: (_info: object, done: (verified: boolean) => void) => {
        answer = done
      },
    })
    server.on('connection', () => track.note('connection'))
    const peer = await stage.rawClient(port)
    await until(() => answer !== undefined)
    peer.socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 30))
    track.attempt('done', () => answer!(true))
    track.note('clients', server.clients.size)
  },

  'handleProtocols chooses': async (_, stage) => {
    const track = stage.track('protocols')
    const choices: Record<string, unknown> = {
      second: 'b',
      no: false,
      empty: '',
      nothing: undefined,
    }
    for (const [name, choice] of Object.entries(choices)) {
      const { server, port } = await stage.server({
        handleProtocols: (protocols: Set<string>, request: IncomingMessage) => {
          track.note(name, protocols, request.url)
          return choice
        },
      })
      server.on('connection', (socket) => track.note(name, 'protocol', socket.protocol))
      await stage.rawPeer(port, { name, headers: { 'Sec-WebSocket-Protocol': 'a, b' } })
      await until(() => server.clients.size === 1)
    }
  },

  'handleProtocols chooses what was not offered': async (_, stage) => {
    const { server, port } = await stage.server({ handleProtocols: () => 'z' })
    server.on('connection', (socket) => stage.track('server').note('protocol', socket.protocol))
    const peer = await stage.rawPeer(port, { headers: { 'Sec-WebSocket-Protocol': 'a, b' } })
    if (peer.letIn) await stage.track('server').until('protocol')
    else await peer.left()
  },

  'handleProtocols is not asked when nothing was offered': async (_, stage) => {
    const track = stage.track('protocols')
    const { port } = await stage.server({
      handleProtocols: () => {
        track.note('asked')
        return 'a'
      },
    })
    await stage.rawPeer(port)
  },

  'headers can be changed by listeners': async (_, stage) => {
    const { server, port } = await stage.server()
    server.on('headers', (headers) => {
      headers.splice(1, 1)
      headers.push('Set-Cookie: a=b')
    })
    await stage.rawPeer(port)
  },

  'a refusal reaches the client as an unexpected response': async (_, stage) => {
    const { url } = await stage.server({ verifyClient: () => false })
    const { client, track } = stage.client('client', url)
    await track.until('close')
    track.note('closed', client.readyState)
  },

  'listeners that the server adds to the socket are taken away again': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('socket')
    const sockets: Client[] = []
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const names = ['close', 'data', 'end', 'error']
      const before = names.map((name) => socket.listenerCount(name))
      server.handleUpgrade(request, socket, head, (client) => {
        sockets.push(client)
        stage.watch(stage.track('server'), client)
      })
      track.note('the errors of the socket have a listener', socket.listenerCount('error') >= before[3]!)
    })
    const peer = await stage.rawPeer(port)
    peer.socket.destroy()
    await stage.track('server').until('close')
  },

  'an error of the socket during the handshake is swallowed': async (_, stage) => {
    const { http, port } = await stage.http()
    const track = stage.track('wss')
    const server = stage.makeServer({
      noServer: true,
      verifyClient: (_info: object, done: (verified: boolean) => void) => {
        setTimeout(() => {
          track.attempt('verified', () => done(true))
        }, 5)
      },
    })
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      server.handleUpgrade(request, socket, head, () => track.note('upgraded'))
      socket.destroy(new Error('broken'))
    })
    await (await stage.rawClient(port)).left()
    await track.until('verified()')
  },
} satisfies Scenarios
