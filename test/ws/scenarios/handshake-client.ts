// The opening handshake as a client makes it: the request that a raw server sees, the answers it takes, and those it refuses.

import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent } from 'node:http'
import { connect as dial, type Socket } from 'node:net'
import { type Peer, type Scenarios, turns } from './stage.ts'

const ANSWERS: Readonly<Record<string, { protocols?: string[]; options?: object; answer: (peer: Peer) => void }>> = {
  'another accept value': {
    answer: (peer) =>
      peer.say(
        'HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: CxYS6+NgJSBG74mdgLvGscRvpns=\r\n\r\n',
      ),
  },
  'no accept value': {
    answer: (peer) => peer.say('HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  },
  'another upgrade': { answer: (peer) => peer.say('HTTP/1.1 101 S\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n') },
  'a subprotocol that nobody asked for': { answer: (peer) => peer.accept(['Sec-WebSocket-Protocol: a']) },
  'a subprotocol that was not offered': {
    protocols: ['a'],
    answer: (peer) => peer.accept(['Sec-WebSocket-Protocol: b']),
  },
  'a subprotocol in other letters': { protocols: ['a'], answer: (peer) => peer.accept(['Sec-WebSocket-Protocol: A']) },
  'an empty subprotocol': { protocols: ['a'], answer: (peer) => peer.accept(['Sec-WebSocket-Protocol: ']) },
  'no subprotocol': { protocols: ['a', 'b'], answer: (peer) => peer.accept() },
  'an extension that nobody asked for': {
    options: { perMessageDeflate: false },
    answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate']),
  },
  'another extension': { answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: foo']) },
  'two extensions': { answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate, foo']) },
  'extensions that cannot be parsed': {
    answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate; =']),
  },
  'an unknown parameter': { answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate; foo=1']) },
  'client_max_window_bits without a value': {
    answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']),
  },
  'a parameter that the options forbid': {
    options: { perMessageDeflate: { clientNoContextTakeover: false } },
    answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover']),
  },
  'a window larger than the options allow': {
    options: { perMessageDeflate: { clientMaxWindowBits: 9 } },
    answer: (peer) => peer.accept(['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10']),
  },
  '200': { answer: (peer) => peer.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi') },
  '401': {
    answer: (peer) =>
      peer.socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n'),
  },
  '302 without following': {
    answer: (peer) => peer.socket.end('HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
  },
  '101 without upgrade': { answer: (peer) => peer.socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n') },
  'nothing at all': { answer: (peer) => peer.socket.end() },
  'a reset': { answer: (peer) => peer.socket.resetAndDestroy() },
  'no HTTP': { answer: (peer) => peer.socket.end('SSH-2.0-OpenSSH\r\n\r\n') },
}

const TAKEN: Readonly<Record<string, { protocols?: unknown; options?: object; headers: string[] }>> = {
  plain: { headers: [] },
  'one of the subprotocols': { protocols: ['a', 'b'], headers: ['Sec-WebSocket-Protocol: b'] },
  compression: { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] },
  'compression with parameters': {
    headers: [
      'Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=10; server_max_window_bits=9',
    ],
  },
  'more headers': { headers: ['X-Other: 1', 'Set-Cookie: a', 'Set-Cookie: b'] },
}

const REQUESTS: Readonly<Record<string, { protocols?: unknown; path?: string; options?: object }>> = {
  plain: {},
  'without compression': { options: { perMessageDeflate: false } },
  'with all parameters of compression': {
    options: {
      perMessageDeflate: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 10,
        clientMaxWindowBits: 11,
      },
    },
  },
  'without client_max_window_bits': { options: { perMessageDeflate: { clientMaxWindowBits: false } } },
  'with subprotocols': { protocols: ['a', 'b.c'] },
  'with one subprotocol': { protocols: 'a' },
  'with no subprotocols': { protocols: [] },
  'with the option protocols': { options: { protocols: ['o', 'p'] } },
  'with the option protocols as text': { options: { protocols: 'o' } },
  'with headers': { options: { headers: { Cookie: 'a=b', 'X-Many': ['1', '2'], Authorization: 'Bearer x' } } },
  'with headers of the handshake, which lose': {
    options: { headers: { Upgrade: 'foo', 'Sec-WebSocket-Version': '7', Connection: 'close' } },
  },
  'with a host': { options: { headers: { Host: 'example.test' } } },
  'with an origin': { options: { origin: 'https://example.test' } },
  'with an origin among the headers': { options: { headers: { Origin: 'https://a.test' } } },
  'with path and query': { path: '/a/b%20c?d=e&f' },
  'with what cannot be overridden': {
    options: { host: 'example.test', port: 1, path: '/x', method: 'POST', timeout: 1, hostname: 'x', socketPath: '/x' },
  },
  'with the option auth': { options: { auth: 'user:secret' } },
}

export const handshakeClient: Scenarios = {
  ...Object.fromEntries(
    Object.entries(ANSWERS).map(([name, { protocols, options, answer }]) => [
      `refused by the client: ${name}`,
      async (_, stage) => {
        const { url, peers } = await stage.rawServer(answer)
        const { client, track } = stage.client('client', url, protocols ?? [], options)
        client.on('upgrade', (response) => track.note('upgrade', client.readyState, response.statusCode))
        await track.until('close')
        track.note('closed', client.readyState, client.protocol, client.extensions)
        await peers[0]!.left()
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(TAKEN).map(([name, { protocols, options, headers }]) => [
      `taken by the client: ${name}`,
      async (_, stage) => {
        const { url } = await stage.rawServer((peer) => peer.accept(headers))
        const { client, track } = stage.client('client', url, protocols, options)
        client.on('upgrade', (response) => track.note('upgrade', client.readyState, response.headers['x-other']))
        await track.until('open')
        track.note('opened', client.protocol, client.extensions)
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(REQUESTS).map(([name, { protocols, path, options }]) => [
      `the request: ${name}`,
      async (_, stage) => {
        const { url } = await stage.rawServer(() => {})
        stage.client('client', url + (path ?? ''), protocols, options)
        await stage.track('raw server').until('head')
      },
    ]),
  ),

  'the request: with an origin and version 8': async (_, stage) => {
    const { url } = await stage.rawServer(() => {})
    const options = { origin: 'https://example.test', protocolVersion: 8 }
    let made = false
    stage.track('constructor').attempt('new', () => {
      stage.client('client', url, [], options)
      made = true
    })
    if (made) await stage.track('raw server').until('head')
  },

  'the options may come in the place of the protocols': async (_, stage) => {
    const { url } = await stage.rawServer(() => {})
    stage.client('client', url, { headers: { 'X-Second': 'yes' }, protocols: ['x'] })
    await stage.track('raw server').until('head')
  },

  'null in the place of the protocols': async (_, stage) => {
    const { url } = await stage.server()
    const track = stage.track('made')
    track.attempt('null', () => {
      stage.make(url, null)
      return 'made'
    })
    track.attempt('undefined and null', () => {
      stage.make(url, undefined, null).on('error', () => {})
      return 'made'
    })
  },

  'user and password in the URL': async (_, stage) => {
    const { port } = await stage.rawServer(() => {})
    stage.client('client', `ws://user:pass%3Aw%C3%B6rd@127.0.0.1:${port}/`)
    await stage.track('raw server').until('head')
  },

  'user and password in the URL beside a header': async (_, stage) => {
    const { port } = await stage.rawServer(() => {})
    stage.client('client', `ws://user:pass@127.0.0.1:${port}/`, { headers: { Authorization: 'Bearer x' } })
    await stage.track('raw server').until('head')
  },

  'finishRequest is called instead of end': async (_, stage) => {
    const { url } = await stage.rawServer()
    const made: unknown[] = []
    const { client, track } = stage.client('client', url, {
      finishRequest(request: ClientRequest, socket: unknown) {
        made.push(socket)
        stage.track('finish').note(request.constructor.name, request.getHeader('upgrade'), request.writableEnded)
        setTimeout(() => {
          request.setHeader('X-Late', 'yes')
          request.end()
        }, 2)
      },
    })
    track.note('same', made[0] === client)
    await track.until('open')
  },

  'createConnection makes the socket': async (_, stage) => {
    const { url, port } = await stage.rawServer()
    const { track } = stage.client('client', url, {
      createConnection(options: { host?: string; port?: number }) {
        stage.track('create').note(options.host, Number(options.port) === port)
        return dial({ host: '127.0.0.1', port })
      },
    })
    await track.until('open')
  },

  'an agent makes the socket': async (_, stage) => {
    class Mine extends Agent {
      addRequest(request: ClientRequest, options: { host?: string; port?: number }): void {
        stage.track('agent').note('asked', options.host)
        const parent = Agent.prototype as unknown as { addRequest(...values: unknown[]): void }
        parent.addRequest.call(this, request, options)
      }
    }
    const { url } = await stage.rawServer()
    const { track } = stage.client('client', url, { agent: new Mine() })
    await track.until('open')
  },

  'an agent that does not exist': async (_, stage) => {
    const { url } = await stage.rawServer()
    const track = stage.track('made')
    track.attempt('agent', () => {
      stage.make(url, { agent: {} })
      return 'made'
    })
  },

  handshakeTimeout: async (_, stage) => {
    const { url, peers } = await stage.rawServer(() => {})
    const { client, track } = stage.client('client', url, { handshakeTimeout: 40 })
    await track.until('close')
    track.note('closed', client.readyState)
    await peers[0]!.left()
  },

  'unexpected-response takes the answer over': async (_, stage) => {
    const { http, port } = await stage.http((_request, response) => {
      response.writeHead(403, { 'X-Why': 'because' })
      response.end('go away')
    })
    http.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 7\r\nConnection: close\r\n\r\ngo away')
    })
    const { client, track } = stage.client('client', `ws://127.0.0.1:${port}`)
    client.on('unexpected-response', (request, response) => {
      track.note('unexpected-response', client.readyState, request.constructor.name, response.constructor.name)
      track.note('response', response.statusCode, response.headers['x-why'])
      response.setEncoding('utf8').on('data', (text) => track.note('data', text))
      response.on('end', () => track.note('end'))
    })
    await track.until('end')
    await turns(3)
    track.note('still', client.readyState)
    client.terminate()
    await track.until('close')
  },

  'the request may be destroyed from unexpected-response': async (_, stage) => {
    const { url } = await stage.rawServer((peer) =>
      peer.say('HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nabc'),
    )
    const { client, track } = stage.client('client', url)
    client.on('unexpected-response', (request) => request.destroy())
    client.on('unexpected-response', () => track.note('unexpected-response', client.readyState))
    await track.until('unexpected-response')
    await turns(5)
    track.note('state', client.readyState)
  },

  'a request destroyed with an error': async (_, stage) => {
    const { url } = await stage.rawServer((peer) =>
      peer.say('HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nabc'),
    )
    const { client, track } = stage.client('client', url)
    client.on('unexpected-response', (request) => {
      request.on('error', (error) => track.note('request error', error))
      request.destroy(new Error('mine'))
    })
    await track.until('close')
  },

  'followRedirects follows relative and absolute locations': async (_, stage) => {
    const { server, port } = await stage.server({ path: '/end' })
    server.on('connection', (_socket, request) => stage.track('wss').note(request.url, request.headers['x-mine']))
    const first = await stage.http()
    let hops = 0
    first.http.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      const location = hops++ === 0 ? '/again?x=1' : `ws://127.0.0.1:${port}/end`
      socket.end(`HTTP/1.1 30${hops} Moved\r\nLocation: ${location}\r\n\r\n`)
    })
    const { client, track } = stage.client('client', `ws://127.0.0.1:${first.port}/start`, {
      followRedirects: true,
      headers: { 'X-Mine': 'kept' },
    })
    await track.until('open')
    track.note(client.url, hops)
  },

  'the event redirect': async (_, stage) => {
    const { url } = await stage.server()
    const { http, port } = await stage.http()
    http.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${url}/there\r\n\r\n`)
    })
    const { client, track } = stage.client('client', `ws://127.0.0.1:${port}/`, { followRedirects: true })
    client.on('redirect', (to, request) => track.note('redirect', client.readyState, to, request.constructor.name))
    await track.until('open')
  },

  maxRedirects: async (_, stage) => {
    const { http, port } = await stage.http()
    const seen = stage.track('http')
    http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.note(request.url)
      socket.end('HTTP/1.1 302 Found\r\nLocation: /loop\r\n\r\n')
    })
    for (const maxRedirects of [0, 2]) {
      const { client, track } = stage.client(`client ${maxRedirects}`, `ws://127.0.0.1:${port}/`, {
        followRedirects: true,
        maxRedirects,
      })
      await track.until('close')
      track.note(client.url, client.readyState)
    }
  },

  'redirects that lead nowhere': async (_, stage) => {
    const { http, port } = await stage.http()
    let location = ''
    http.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\n\r\n`)
    })
    for (location of ['ftp://example.test', 'ws://', 'ws://127.0.0.1/#fragment', 'http://', '#fragment']) {
      const { client, track } = stage.client(`client ${location}`, `ws://127.0.0.1:${port}/`, { followRedirects: true })
      await track.until('close')
      track.note(client.readyState)
    }
  },

  'credentials are dropped on the way to another host': async (_, stage) => {
    const target = await stage.rawServer()
    const { http, port } = await stage.http()
    http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      stage.track('first').note(request.headers.authorization, request.headers.cookie, request.headers.host)
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target.url}/\r\n\r\n`)
    })
    const { track } = stage.client('client', `ws://user:pass@127.0.0.1:${port}/`, {
      followRedirects: true,
      headers: { Cookie: 'a=b', Host: 'mine.test', 'X-Kept': '1' },
    })
    await track.until('open')
  },

  'credentials are kept when somebody listens to redirect': async (_, stage) => {
    const target = await stage.rawServer()
    const { http, port } = await stage.http()
    http.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${target.url}/\r\n\r\n`)
    })
    const { client, track } = stage.client('client', `ws://user:pass@127.0.0.1:${port}/`, {
      followRedirects: true,
      headers: { Cookie: 'a=b' },
    })
    client.on('redirect', (_url, request) =>
      track.note('redirect', request.getHeader('authorization'), request.getHeader('cookie')),
    )
    await track.until('open')
  },

  'credentials on the way to another host and back': async (_, stage) => {
    const { http, port } = await stage.http()
    const other = await stage.http()
    const seen = stage.track('http')
    http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.note(request.url, request.headers.authorization, request.headers.cookie)
      socket.end(
        request.url === '/'
          ? `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${other.port}/\r\n\r\n`
          : 'HTTP/1.1 400 Bad Request\r\n\r\n',
      )
    })
    other.http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.note('other', request.headers.authorization, request.headers.cookie)
      socket.end(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${port}/back\r\n\r\n`)
    })
    const { track } = stage.client('client', `ws://user:pass@127.0.0.1:${port}/`, {
      followRedirects: true,
      headers: { Cookie: 'a=b' },
    })
    await track.until('close')
  },

  'credentials are kept on the same host': async (_, stage) => {
    const { http, port } = await stage.http()
    const seen = stage.track('http')
    http.on('upgrade', (request: IncomingMessage, socket: Socket) => {
      seen.note(request.url, request.headers.authorization, request.headers.cookie)
      socket.end(
        request.url === '/' ? 'HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n' : 'HTTP/1.1 400 Bad Request\r\n\r\n',
      )
    })
    const { track } = stage.client('client', `ws://user:pass@127.0.0.1:${port}/`, {
      followRedirects: true,
      headers: { Cookie: 'a=b' },
    })
    await track.until('close')
  },
} satisfies Scenarios
