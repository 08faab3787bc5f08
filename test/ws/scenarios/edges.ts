// The edges of the protocol, where `ws` is stricter or laxer than the RFCs: what stays as it is, and what may not.

import { frame, hex } from '../../support/wire.ts'
import { call, type Scenario, type Scenarios, turns, until } from './stage.ts'

const KEY = '01020304'

/** What a server answers to an offer of extensions, or that it refuses. */
function offered(options: object | boolean, offer: string): Scenario {
  return async (_, stage) => {
    const { port } = await stage.server({ perMessageDeflate: options })
    const peer = await stage.rawPeer(port, { headers: { 'Sec-WebSocket-Extensions': offer } })
    if (!peer.letIn) await peer.left()
  }
}

/** What a client makes of an answer with extensions. */
function answered(options: object | boolean, answer: string): Scenario {
  return async (_, stage) => {
    const { url } = await stage.rawServer((peer) => peer.accept([`Sec-WebSocket-Extensions: ${answer}`]))
    const { client, track } = stage.client('client', url, { perMessageDeflate: options })
    await Promise.race([track.until('open'), track.until('close')])
    track.note(client.readyState, client.extensions)
  }
}

export const edges: Scenarios = {
  'an offer that cannot be met before one that can': offered(
    true,
    'permessage-deflate; foo, permessage-deflate; server_max_window_bits=10',
  ),
  'a window of eight bits is offered': offered(true, 'permessage-deflate; server_max_window_bits=8'),
  'no offer that the options allow': offered(
    { serverMaxWindowBits: false },
    'permessage-deflate; server_max_window_bits=10',
  ),
  'a parameter of an offer twice': offered(true, 'permessage-deflate; client_max_window_bits; client_max_window_bits'),
  'a window with leading zeros': offered(true, 'permessage-deflate; server_max_window_bits=010'),
  'a window in another notation': offered(true, 'permessage-deflate; server_max_window_bits=1e1'),
  'an offer of another extension that cannot be parsed': offered(true, 'foo; =, permessage-deflate'),
  'an empty element in the list of offers': offered(true, 'permessage-deflate, , foo'),
  'an offer in other letters': offered(true, 'Permessage-Deflate'),

  'a larger window than was asked for': answered(
    { serverMaxWindowBits: 9 },
    'permessage-deflate; server_max_window_bits=15',
  ),
  'no_context_takeover that was asked for is missing': answered(
    { serverNoContextTakeover: true },
    'permessage-deflate',
  ),
  'the extension twice in the answer': answered(true, 'permessage-deflate, permessage-deflate'),
  'a window of eight bits in the answer': answered(true, 'permessage-deflate; client_max_window_bits=8'),
  'client_max_window_bits that was not offered': answered(
    { clientMaxWindowBits: false },
    'permessage-deflate; client_max_window_bits=10',
  ),
  'server_no_context_takeover that was not asked for': answered(true, 'permessage-deflate; server_no_context_takeover'),

  'an answer without Connection': async (_, stage) => {
    const { url } = await stage.rawServer((peer) =>
      peer.socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'),
    )
    const { track } = stage.client('client', url)
    await track.until('close')
  },

  'an answer in HTTP/1.0': async (_, stage) => {
    const { url } = await stage.rawServer((peer) =>
      peer.socket.end('HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    )
    const { track } = stage.client('client', url)
    await track.until('close')
  },

  'other statuses with Upgrade': async (_, stage) => {
    for (const status of ['200 OK', '426 Upgrade Required', '500 Internal Server Error']) {
      const { url } = await stage.rawServer((peer) =>
        peer.socket.end(`HTTP/1.1 ${status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n`),
      )
      const { track } = stage.client(`client ${status}`, url)
      await track.until('close')
    }
  },

  'a list in the header Upgrade': async (_, stage) => {
    const { port } = await stage.server()
    await (await stage.rawClient(port, { headers: { Upgrade: 'websocket, foo' } })).left()
  },

  'a key with bits behind its sixteen bytes': async (_, stage) => {
    const { port } = await stage.server()
    const peer = await stage.rawPeer(port, { headers: { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZf==' } })
    if (!peer.letIn) await peer.left()
  },

  'versions in other notations': async (_, stage) => {
    const { port } = await stage.server()
    for (const version of ['13.0', '1.3e1', '0b1101', '13, 8', '013', '+13']) {
      const peer = await stage.rawPeer(port, { name: `raw ${version}`, headers: { 'Sec-WebSocket-Version': version } })
      if (!peer.letIn) await peer.left()
    }
  },

  'an empty element in the list of subprotocols': async (_, stage) => {
    const { port } = await stage.server()
    await (await stage.rawClient(port, { headers: { 'Sec-WebSocket-Protocol': 'a, , b' } })).left()
  },

  'a client may leave its frames unmasked': async (_, stage) => {
    const { client, peer } = await stage.clientOfRaw()
    client.send('unmasked', { mask: false })
    client.ping('unmasked', false)
    client.pong('unmasked', false)
    client.send('masked')
    await peer.track.until('frame', 4)
  },

  'a server may mask its frames': async (_, stage) => {
    const { client, peer } = await stage.serverOfRaw()
    client.send('masked', { mask: true })
    client.ping('masked', true)
    client.pong('masked', true)
    await peer.track.until('frame', 3)
  },

  'a reason of bytes that are no UTF-8': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    track.attempt('close', () => call(client, 'close', 1000, Buffer.from('ff', 'hex')))
    if (client.readyState !== 1) await peer.track.until('frame')
  },

  'a reason with a lone surrogate': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    track.attempt('close', () => client.close(1000, '\ud800'))
    await peer.track.until('frame')
  },

  'a code that is no integer': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    track.attempt('close', () => client.close(1000.5))
    if (client.readyState !== 1) await peer.track.until('frame')
  },

  'limits beyond 31 bits': async (_, stage) => {
    for (const [name, maxPayload] of [
      ['2^31', 2 ** 31],
      ['2^32 + 5', 2 ** 32 + 5],
      ['a fraction', 5.5],
      ['below zero', -1],
      ['Infinity', Number.POSITIVE_INFINITY],
      ['text', '5'],
    ] as const) {
      const { port } = await stage.server({ maxPayload }, undefined, `server ${name}`)
      const peer = await stage.rawPeer(port, { name: `raw ${name}` })
      peer.say(frame({ opcode: 2, payload: 'six...', key: KEY }))
      const track = stage.track(`server ${name}`)
      await Promise.race([track.until('message'), track.until('close')])
    }
  },

  'pause and resume while a handshake is given up': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    client.close()
    track.attemptBriefly('pause', () => client.pause())
    track.attemptBriefly('resume', () => client.resume())
    track.note(client.readyState, client.isPaused)
    await track.until('close')
  },

  'data behind a close frame in the same segment': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw()
    peer.say(frame({ opcode: 8, payload: hex('03e8') }), hex('ff ff ff ff ff ff'))
    await track.until('close')
    await peer.left()
  },

  'a server that goes on sending after its close frame': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw()
    peer.say(frame({ opcode: 8, payload: hex('03e8') }))
    await peer.track.until('frame')
    peer.say(frame({ opcode: 1, payload: 'late' }))
    await turns(2)
    peer.socket.end()
    await track.until('close')
    await peer.left()
  },

  'a client that keeps the connection open after both close frames': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw({ closeTimeout: 60 }, { allowHalfOpen: true })
    peer.say(frame({ opcode: 8, key: KEY, payload: hex('03e8') }))
    await until(() => client.readyState !== 1)
    await track.until('close')
    await peer.track.until('frame')
  },

  'a server that keeps the connection open after both close frames': async (_, stage) => {
    const { url, peers } = await stage.rawServer(undefined, { allowHalfOpen: true })
    const { client, track } = stage.client('client', url, { closeTimeout: 60, perMessageDeflate: false })
    await track.until('open')
    client.close(1000, 'mine')
    await peers[0]!.track.until('frame')
    peers[0]!.say(frame({ opcode: 8, payload: hex('03e8') }))
    await track.until('close')
  },

  'close frames of all codes between 1000 and 1016, and beyond': async (_, stage) => {
    for (const code of [...Array.from({ length: 17 }, (_value, i) => 1000 + i), 1100, 2999, 3000, 4999, 5000, 65_535]) {
      const { server, port } = await stage.server()
      const track = stage.track(`server ${code}`)
      server.removeAllListeners('connection')
      server.on('connection', (socket) => {
        socket.on('error', ({ message }) => track.note('error', message))
        socket.on('close', (received) => track.note('close', received))
      })
      const peer = await stage.rawPeer(port, { name: `raw ${code}` })
      peer.say(frame({ opcode: 8, key: KEY, payload: Uint8Array.of(code >> 8, code & 255) }))
      await track.until('close')
      await peer.track.until('frame')
    }
  },
}
