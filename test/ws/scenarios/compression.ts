// permessage-deflate: what is negotiated is used, in both directions, and its failures.

import { constants, deflateRawSync } from 'node:zlib'
import { concat, frame, hex } from '../../support/wire.ts'
import type { Client } from './module.ts'
import { type Peer, type Scenarios, type Stage, until } from './stage.ts'
import type { Track } from './transcript.ts'

const KEY = '01020304'
const OFFER = { headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' } }
const LONG = 'compressible '.repeat(400)

function deflated(text: string): Uint8Array {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

/** Reads what a server sent, past the noted frames: what the payloads inflate to is what counts, not their bytes. */
async function serverWith(
  stage: Stage,
  options: object | boolean,
  offer = 'permessage-deflate',
): Promise<{ client: Client; track: Track; peer: Peer; wire: () => Buffer }> {
  const pairing = await stage.serverOfRaw(
    { perMessageDeflate: options },
    { headers: { 'Sec-WebSocket-Extensions': offer } },
  )
  const wire: Buffer[] = []
  pairing.peer.socket.on('data', (bytes) => wire.push(bytes))
  return { ...pairing, wire: () => Buffer.concat(wire) }
}

/** Bytes that do not compress, the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = 1
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

export const compression: Scenarios = {
  ...Object.fromEntries(
    (
      [
        ['on', true, true],
        ['without takeover', { serverNoContextTakeover: true, clientNoContextTakeover: true }, {}],
        ['with small windows', { serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, {}],
        ['with a threshold of nothing', { threshold: 0 }, { threshold: 0 }],
        ['with options of zlib', { zlibDeflateOptions: { level: 9 }, zlibInflateOptions: { chunkSize: 1024 } }, {}],
        ['on at the client alone', false, true],
        ['on at the server alone', true, false],
      ] as const
    ).map(([name, server, client]) => [
      `both ways: ${name}`,
      async (_, stage) => {
        const pair = await stage.pair({ server: { perMessageDeflate: server }, client: { perMessageDeflate: client } })
        pair.clientTrack.note('extensions', pair.client.extensions)
        pair.serverTrack.note('extensions', pair.server.extensions)
        const messages = ['', 'short', LONG, LONG, Buffer.from(LONG), Buffer.alloc(0), Buffer.alloc(100_000, 'ab')]
        for (const message of messages) {
          pair.client.send(message)
          pair.server.send(message)
        }
        pair.client.close(1000)
        await pair.serverTrack.until('message', messages.length)
        await pair.clientTrack.until('message', messages.length)
        await pair.clientTrack.until('close')
        await pair.serverTrack.until('close')
      },
    ]),
  ),

  'which messages are marked as compressed': async (_, stage) => {
    const { client, peer, wire } = await serverWith(stage, { threshold: 10 })
    const track = stage.track('marks')
    client.send('short')
    client.send('long enough for it')
    client.send('long, but not this', { compress: false })
    client.send(Buffer.from('bytes that are long enough'))
    client.ping('control frames never')
    await peer.track.when(() => JSON.stringify(peer.track.entries).includes('never'))
    track.note(wire()[0]! & 0x40)
  },

  'the threshold counts with server_no_context_takeover alone': async (_, stage) => {
    for (const [name, options] of [
      ['takeover', { threshold: 10 }],
      ['no takeover', { threshold: 10, serverNoContextTakeover: true }],
    ] as const) {
      const { server, port } = await stage.server({ perMessageDeflate: options })
      server.on('connection', (socket) => {
        socket.send('123456789')
        socket.send('1234567890')
        socket.send('12345678901')
        socket.send('ääääää')
        socket.send('end', { compress: false })
      })
      const peer = await stage.rawPeer(port, { ...OFFER, name })
      await peer.track.until('frame', 5)
    }
  },

  'a second message leans on the first, without no_context_takeover': async (_, stage) => {
    const sizes: number[][] = []
    for (const [index, options] of [{ threshold: 0 }, { threshold: 0, serverNoContextTakeover: true }].entries()) {
      const { server, port } = await stage.server({ perMessageDeflate: options })
      server.on('connection', (socket) => {
        socket.send(LONG.slice(0, 60))
        socket.send(LONG.slice(0, 60))
      })
      const lengths: number[] = []
      const peer = await stage.rawClient(port, { ...OFFER, name: `raw ${index}` })
      let head = true
      peer.socket.on('data', (bytes) => {
        if (head) bytes = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)
        head = false
        for (let at = 0; at + 1 < bytes.length; at += 2 + (bytes[at + 1]! & 127)) lengths.push(bytes[at + 1]!)
      })
      await peer.track.until('frame', 2)
      await until(() => lengths.length === 2)
      sizes.push(lengths)
    }
    stage.track('sizes').note(sizes.map(([first, second]) => (second! < first! ? 'smaller' : 'alike')))
  },

  'fragments of a compressed message that is sent': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    pair.server.send('first part, ', { fin: false })
    pair.server.send('second part, ', { fin: false })
    pair.server.send('last part', { fin: true })
    pair.server.send('the next')
    await pair.clientTrack.until('message', 2)
  },

  'the order of compressed messages, plain ones and control frames': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 100 } } })
    pair.server.send(LONG, (error) => pair.serverTrack.note('long', error))
    pair.server.ping('ping')
    pair.server.send('short', { compress: false }, (error) => pair.serverTrack.note('short', error))
    pair.server.send(new Blob([LONG]), (error) => pair.serverTrack.note('blob', error))
    pair.server.pong('pong')
    pair.server.close(1000, 'end')
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
  },

  'bufferedAmount counts what waits to be compressed': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    pair.server.send('x'.repeat(1000))
    pair.server.send('y'.repeat(500))
    pair.server.ping('12345')
    pair.serverTrack.note(pair.server.bufferedAmount)
    await pair.clientTrack.until('ping')
    await until(() => pair.server.bufferedAmount === 0)
  },

  'compressed messages that arrive, whole and in fragments': async (_, stage) => {
    const { track, peer } = await serverWith(stage, true)
    const bytes = deflated('hello hello hello')
    peer.say(
      frame({ opcode: 1, reservedBits: 4, payload: bytes, key: KEY }),
      frame({ opcode: 2, reservedBits: 4, fin: false, payload: bytes.subarray(0, 3), key: KEY }),
      frame({ opcode: 9, payload: 'between', key: KEY }),
      frame({ opcode: 0, payload: bytes.subarray(3), key: KEY }),
      frame({ opcode: 1, payload: 'plain', key: KEY }),
      frame({ opcode: 1, reservedBits: 4, payload: hex('00'), key: KEY }),
    )
    await track.until('message', 4)
  },

  'a message in a final block': async (_, stage) => {
    const { track, peer } = await serverWith(stage, true)
    const payload = concat(deflateRawSync('final'), hex('00'))
    for (let i = 0; i < 2; i++) peer.say(frame({ opcode: 1, reservedBits: 4, payload, key: KEY }))
    await track.until('message', 2)
  },

  'data that cannot be inflated': async (_, stage) => {
    const { track, peer } = await serverWith(stage, true)
    peer.say(frame({ opcode: 1, reservedBits: 4, payload: hex('ff ff ff ff'), key: KEY }))
    await track.until('close')
    await peer.left()
  },

  'a message that leans on the one before it, with takeover and without': async (_, stage) => {
    const first = 'a text to lean on, and not a short one'
    const leaning = deflateRawSync(first, {
      dictionary: Buffer.from(first),
      finishFlush: constants.Z_SYNC_FLUSH,
    }).subarray(0, -4)
    for (const [name, offer] of [
      ['with', 'permessage-deflate'],
      ['without', 'permessage-deflate; client_no_context_takeover'],
    ] as const) {
      const { port } = await stage.server({ perMessageDeflate: true }, undefined, `server ${name}`)
      const track = stage.track(`server ${name}`)
      const peer = await stage.rawPeer(port, { name: `raw ${name}`, headers: { 'Sec-WebSocket-Extensions': offer } })
      peer.say(frame({ opcode: 1, reservedBits: 4, payload: deflated(first), key: KEY }))
      peer.say(frame({ opcode: 1, reservedBits: 4, payload: leaning, key: KEY }))
      if (name === 'with') await track.until('message', 2)
      else await track.until('close')
    }
  },

  'compressed text that is no UTF-8': async (_, stage) => {
    const { track, peer } = await serverWith(stage, true)
    const payload = deflateRawSync(hex('61 ff 62'), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    peer.say(frame({ opcode: 1, reservedBits: 4, payload, key: KEY }))
    await track.until('close')
    await peer.left()
  },

  'a message that inflates above maxPayload': async (_, stage) => {
    for (const [name, length] of [
      ['a little', 10_001],
      ['much', 5_000_000],
    ] as const) {
      const { server, port } = await stage.server({ perMessageDeflate: true, maxPayload: 10_000 })
      const track = stage.track(`server of ${name}`)
      server.on('connection', (socket) => stage.watch(track, socket))
      const peer = await stage.rawPeer(port, { ...OFFER, name: `raw ${name}` })
      const payload = deflated('x'.repeat(length))
      peer.say(frame({ opcode: 1, reservedBits: 4, fin: false, payload: payload.subarray(0, 4), key: KEY }))
      peer.say(frame({ opcode: 0, payload: payload.subarray(4), key: KEY }))
      await track.until('close')
      await peer.left()
    }
  },

  'a message that inflates to exactly maxPayload': async (_, stage) => {
    const { server, port } = await stage.server({ perMessageDeflate: true, maxPayload: 17 })
    const track = stage.track('limit')
    server.on('connection', (socket) => stage.watch(track, socket))
    const peer = await stage.rawPeer(port, OFFER)
    peer.say(frame({ opcode: 1, reservedBits: 4, payload: deflated('hello hello hello'), key: KEY }))
    await track.until('message')
  },

  'text that is put off, compressed, with allowSynchronousEvents off': async (_, stage) => {
    const { server, port } = await stage.server({ perMessageDeflate: true, allowSynchronousEvents: false })
    const track = stage.track('order')
    server.on('connection', (socket) => {
      stage.watch(track, socket)
      socket.on('message', () => process.nextTick(() => track.note('tick')))
    })
    const peer = await stage.rawPeer(port, OFFER)
    for (const opcode of [1, 2, 1]) {
      peer.say(frame({ opcode, reservedBits: 4, payload: deflated('hello'), key: KEY }))
    }
    await track.until('tick', 3)
  },

  'terminate while messages are compressed': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    pair.server.send(LONG, pair.serverTrack.callback('first'))
    pair.server.send(LONG, pair.serverTrack.callback('second'))
    pair.server.terminate()
    await pair.serverTrack.until('second')
    await pair.serverTrack.until('close')
    await pair.clientTrack.until('close')
  },

  'close while messages are inflated': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    for (let i = 0; i < 3; i++) pair.server.send(`${i} ${LONG}`)
    pair.server.close(1000, 'behind them')
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
  },

  'fragments kinds in binaryType of compressed messages': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    for (const type of ['arraybuffer', 'fragments', 'blob'] as const) {
      ;(pair.client as { binaryType: string }).binaryType = type
      const count = pair.clientTrack.count('message')
      pair.server.send(Buffer.from('compressed bytes'))
      await pair.clientTrack.until('message', count + 1)
    }
  },

  'more arrives than is inflated at a time': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    const chunk = noise(100_000)
    for (let i = 0; i < 20; i++) pair.client.send(chunk)
    await pair.serverTrack.until('message', 20)
    pair.server.pause()
    for (let i = 0; i < 20; i++) pair.client.send(chunk)
    await new Promise((resolve) => setTimeout(resolve, 30))
    pair.server.resume()
    await pair.serverTrack.until('message', 40)
    pair.client.close(1000)
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
  },

  'a pause while a message is inflated': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: { threshold: 0 } } })
    pair.server.on('message', () => {
      pair.server.pause()
      setTimeout(() => pair.server.resume(), 1)
    })
    const chunk = noise(50_000)
    for (let i = 0; i < 6; i++) pair.client.send(chunk)
    await pair.serverTrack.until('message', 6)
  },

  'compress: true does nothing where compression was not negotiated': async (_, stage) => {
    const pair = await stage.pair()
    pair.server.send(LONG, { compress: true })
    pair.client.send(LONG, { compress: true })
    await pair.clientTrack.until('message')
    await pair.serverTrack.until('message')
  },

  'the extensions of an open connection stay after its end': async (_, stage) => {
    const pair = await stage.pair({ server: { perMessageDeflate: true } })
    pair.client.close()
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
    pair.clientTrack.note(pair.client.extensions)
  },
} satisfies Scenarios
