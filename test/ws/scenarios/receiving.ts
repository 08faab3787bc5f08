// What arrives and how it is handed over: types of data, fragments, limits, and every violation of the protocol.

import { once } from 'node:events'
import { concat, frame, hex } from '../../support/wire.ts'
import type { Client } from './module.ts'
import { type Scenario, type Scenarios, turns, until } from './stage.ts'

const KEY = '01020304'

/** What a client sends to a server, and the error that follows; a server sends the same to a client without a key. */
const VIOLATIONS: Readonly<Record<string, { options?: object; bytes: (key: string | undefined) => Uint8Array }>> = {
  'reserved bit 2': { bytes: (key) => frame({ opcode: 1, reservedBits: 0b010, ...masked(key) }) },
  'reserved bit 3': { bytes: (key) => frame({ opcode: 1, reservedBits: 0b001, ...masked(key) }) },
  'reserved bit 1 without compression': { bytes: (key) => frame({ opcode: 1, reservedBits: 0b100, ...masked(key) }) },
  'opcode 3': { bytes: (key) => frame({ opcode: 3, ...masked(key) }) },
  'opcode 7': { bytes: (key) => frame({ opcode: 7, ...masked(key) }) },
  'opcode 11': { bytes: (key) => frame({ opcode: 11, ...masked(key) }) },
  'a continuation of nothing': { bytes: (key) => frame({ opcode: 0, ...masked(key) }) },
  'a text within a message': {
    bytes: (key) => concat(frame({ opcode: 1, fin: false, ...masked(key) }), frame({ opcode: 1, ...masked(key) })),
  },
  'a binary within a message': {
    bytes: (key) => concat(frame({ opcode: 1, fin: false, ...masked(key) }), frame({ opcode: 2, ...masked(key) })),
  },
  'reserved bit 1 in a continuation': {
    bytes: (key) =>
      concat(
        frame({ opcode: 1, fin: false, ...masked(key) }),
        frame({ opcode: 0, reservedBits: 0b100, ...masked(key) }),
      ),
  },
  'a ping in fragments': { bytes: (key) => frame({ opcode: 9, fin: false, ...masked(key) }) },
  'a long ping': { bytes: (key) => frame({ opcode: 9, payload: 'x'.repeat(126), ...masked(key) }) },
  'reserved bit 1 in a ping': { bytes: (key) => frame({ opcode: 9, reservedBits: 0b100, ...masked(key) }) },
  'a close of one byte': { bytes: (key) => frame({ opcode: 8, payload: hex('03'), ...masked(key) }) },
  'close code 1005': { bytes: (key) => frame({ opcode: 8, payload: hex('03ed'), ...masked(key) }) },
  'close code 0': { bytes: (key) => frame({ opcode: 8, payload: hex('0000'), ...masked(key) }) },
  'close code 2000': { bytes: (key) => frame({ opcode: 8, payload: hex('07d0'), ...masked(key) }) },
  'close code 5000': { bytes: (key) => frame({ opcode: 8, payload: hex('1388'), ...masked(key) }) },
  'a reason that is no UTF-8': { bytes: (key) => frame({ opcode: 8, payload: hex('03e8 ff'), ...masked(key) }) },
  'text that is no UTF-8': { bytes: (key) => frame({ opcode: 1, payload: hex('61 ff 62'), ...masked(key) }) },
  'long text that is no UTF-8': {
    bytes: (key) => frame({ opcode: 1, payload: concat(new Uint8Array(100).fill(0x61), hex('c3 28')), ...masked(key) }),
  },
  'text in fragments that is no UTF-8': {
    bytes: (key) =>
      concat(
        frame({ opcode: 1, fin: false, payload: hex('c3'), ...masked(key) }),
        frame({ opcode: 0, payload: hex('28'), ...masked(key) }),
      ),
  },
  'a message above maxPayload': {
    options: { maxPayload: 10 },
    bytes: (key) => frame({ opcode: 1, payload: 'x'.repeat(11), ...masked(key) }),
  },
  'fragments above maxPayload': {
    options: { maxPayload: 10 },
    bytes: (key) =>
      concat(
        frame({ opcode: 1, fin: false, payload: 'x'.repeat(6), ...masked(key) }),
        frame({ opcode: 0, payload: 'x'.repeat(5), ...masked(key) }),
      ),
  },
  'a length above maxPayload and nothing more': {
    options: { maxPayload: 10 },
    bytes: (key) => (key === undefined ? hex('817e 0100') : hex('81fe 0100')),
  },
  'a length beyond 2^53': {
    options: { maxPayload: 0 },
    bytes: (key) => (key === undefined ? hex('827f 0020000000000000') : hex('82ff 0020000000000000')),
  },
  'a length with the top bit': {
    options: { maxPayload: 0 },
    bytes: (key) => (key === undefined ? hex('827f 8000000000000000') : hex('82ff 8000000000000000')),
  },
  'too many fragments': {
    options: { maxFragments: 2 },
    bytes: (key) =>
      concat(
        frame({ opcode: 1, fin: false, payload: 'a', ...masked(key) }),
        frame({ opcode: 0, fin: false, payload: 'b', ...masked(key) }),
        frame({ opcode: 0, payload: 'c', ...masked(key) }),
      ),
  },
}

function masked(key: string | undefined): { key?: string } {
  return key === undefined ? {} : { key }
}

function violation(side: 'client' | 'server', options: object, bytes: Uint8Array): Scenario {
  return async (_, stage) => {
    const { client, track, peer } =
      side === 'client' ? await stage.clientOfRaw(options) : await stage.serverOfRaw(options)
    client.on('error', () => process.nextTick(() => track.note('tick after error')))
    peer.say(bytes)
    await peer.track.until('frame')
    // The end of a raw server that was told of its mistake; a server ends the connection itself.
    if (side === 'client') peer.socket.end()
    await track.until('close')
    await peer.left()
    track.note('closed', client.readyState)
  }
}

const BINARY = hex('00 01 fe ff')

export const receiving: Scenarios = {
  ...Object.fromEntries(
    Object.entries(VIOLATIONS).flatMap(([name, { options = {}, bytes }]) => [
      [`a server meets ${name}`, violation('server', options, bytes(KEY))],
      [`a client meets ${name}`, violation('client', options, bytes(undefined))],
    ]),
  ),
  'a server meets a frame without a mask': violation('server', {}, frame({ opcode: 1, payload: 'a' })),
  'a client meets a frame with a mask': violation('client', {}, frame({ opcode: 1, payload: 'a', key: KEY })),
  'a server meets a frame of zeros as key': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(frame({ opcode: 1, payload: 'plain', key: '00000000' }))
    await track.until('message')
  },

  'messages before a violation are delivered, those behind it are not': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(
      frame({ opcode: 1, payload: 'before', key: KEY }),
      frame({ opcode: 3, key: KEY }),
      frame({ opcode: 1, payload: 'behind', key: KEY }),
    )
    await track.until('close')
    await peer.left()
  },

  'a second violation changes nothing': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({}, { allowHalfOpen: true })
    peer.say(frame({ opcode: 3, key: KEY }))
    await peer.track.until('frame')
    peer.say(frame({ opcode: 4, key: KEY }))
    peer.socket.end()
    await track.until('close')
  },

  'a violation when close was called': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000, 'mine')
    await peer.track.until('frame')
    peer.say(frame({ opcode: 3 }))
    await track.until('error')
    peer.socket.end()
    await track.until('close')
    await peer.left()
  },

  'what the listener of a violation sees and can do': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    client.on('error', () => {
      track.note('state', client.readyState)
      client.send('too late', track.callback('send'))
      track.attempt('close', () => client.close(4000))
      track.attempt('terminate', () => client.terminate())
    })
    peer.say(frame({ opcode: 3, key: KEY }))
    await track.until('close')
    await track.until('send')
  },

  'lengths that are not the shortest are taken': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(hex('81fe 0001 00000000 61'), hex('81ff 0000000000000001 00000000 62'))
    await Promise.race([track.until('message', 2), track.until('close')])
  },

  'fragments with control frames between them': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(
      frame({ opcode: 1, fin: false, payload: 'a', key: KEY }),
      frame({ opcode: 9, payload: 'p', key: KEY }),
      frame({ opcode: 0, fin: false, payload: '', key: KEY }),
      frame({ opcode: 10, payload: 'q', key: KEY }),
      frame({ opcode: 0, payload: 'b', key: KEY }),
    )
    await track.until('message')
  },

  'a message one byte at a time': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.socket.setNoDelay(true)
    for (const byte of frame({ opcode: 1, payload: 'slowly', key: KEY })) {
      peer.say(Uint8Array.of(byte))
      await turns()
    }
    await track.until('message')
  },

  'text cut in the middle of a character': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(
      frame({ opcode: 1, fin: false, payload: hex('e2 82'), key: KEY }),
      frame({ opcode: 0, payload: hex('ac'), key: KEY }),
    )
    await track.until('message')
  },

  'maxPayload at the limit': async (_, stage) => {
    for (const maxPayload of [10, 0]) {
      const { server, port } = await stage.server({ maxPayload })
      const track = stage.track(`limit ${maxPayload}`)
      server.on('connection', (socket) => stage.watch(track, socket))
      const peer = await stage.rawPeer(port, { name: `raw ${maxPayload}` })
      peer.say(frame({ opcode: 2, payload: 'x'.repeat(10), key: KEY }))
      await track.until('message')
      peer.say(
        frame({ opcode: 2, fin: false, payload: 'x'.repeat(5), key: KEY }),
        frame({ opcode: 0, payload: 'x'.repeat(5), key: KEY }),
      )
      await track.until('message', 2)
    }
  },

  'maxPayload does not count control frames': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({ maxPayload: 3 })
    peer.say(frame({ opcode: 9, payload: 'longer', key: KEY }), frame({ opcode: 1, payload: 'abc', key: KEY }))
    await track.until('message')
  },

  'maxFragments counts the fragments of one message': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({ maxFragments: 2 })
    for (let i = 0; i < 3; i++) {
      peer.say(
        frame({ opcode: 1, fin: false, payload: 'a', key: KEY }),
        frame({ opcode: 9, key: KEY }),
        frame({ opcode: 0, payload: 'b', key: KEY }),
      )
    }
    await track.until('message', 3)
  },

  'binaryType is set to fragments in the middle of a message': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    peer.say(frame({ opcode: 2, fin: false, payload: 'a' }), frame({ opcode: 9 }))
    await track.until('ping')
    client.binaryType = 'fragments'
    peer.say(frame({ opcode: 0, payload: 'b' }), frame({ opcode: 2, payload: 'c' }))
    await track.until('message', 2)
  },

  'skipUTF8Validation lets text through as it is': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({ skipUTF8Validation: true })
    peer.say(frame({ opcode: 1, payload: hex('61 ff'), key: KEY }))
    await track.until('message')
  },

  'skipUTF8Validation and a reason that is no text': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({ skipUTF8Validation: true })
    peer.say(frame({ opcode: 8, payload: hex('03e8 ff'), key: KEY }))
    await track.until('close')
    await peer.left()
  },

  'skipUTF8Validation of a client': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw({ skipUTF8Validation: true })
    peer.say(frame({ opcode: 1, payload: hex('61 ff') }))
    await track.until('message')
  },

  'binaryType: the values it takes': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    for (const type of ['arraybuffer', 'fragments', 'blob', 'nodebuffer', 'text', '', null, undefined, 'ArrayBuffer']) {
      ;(client as { binaryType: unknown }).binaryType = type
      track.note(type, client.binaryType)
    }
  },

  ...Object.fromEntries(
    ['nodebuffer', 'arraybuffer', 'fragments', 'blob'].map((type) => [
      `binaryType: ${type}`,
      async (_, stage) => {
        const { client, track, peer } = await stage.serverOfRaw()
        ;(client as { binaryType: unknown }).binaryType = type
        track.note('type', client.binaryType)
        client.addEventListener('message', ({ data }) => track.note('event', data))
        peer.say(
          frame({ opcode: 2, payload: BINARY, key: KEY }),
          frame({ opcode: 2, key: KEY }),
          frame({ opcode: 2, fin: false, payload: 'a', key: KEY }),
          frame({ opcode: 0, fin: false, key: KEY }),
          frame({ opcode: 0, payload: 'b', key: KEY }),
          frame({ opcode: 1, payload: 'text', key: KEY }),
          frame({ opcode: 1, fin: false, payload: 'te', key: KEY }),
          frame({ opcode: 0, payload: 'xt', key: KEY }),
          frame({ opcode: 9, payload: 'ping', key: KEY }),
        )
        await track.until('ping')
      },
    ]),
  ),

  'binaryType set before open, and between messages': async (_, stage) => {
    const { url } = await stage.server({}, (socket) => {
      socket.send(Buffer.from('first'))
      socket.send(Buffer.from('second'))
    })
    const { client, track } = stage.client('client', url)
    client.binaryType = 'arraybuffer'
    client.once('message', () => {
      client.binaryType = 'fragments'
    })
    await track.until('message', 2)
  },

  'data of messages that were one segment': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    const buffers: Buffer[] = []
    client.on('message', (data) => buffers.push(data as Buffer))
    peer.say(frame({ opcode: 2, payload: 'one' }), frame({ opcode: 2, payload: 'two' }))
    await track.until('message', 2)
    buffers[0]!.fill(0x78)
    track.note(buffers.map((data) => data.toString()))
  },

  ...Object.fromEntries(
    [true, false].map((allowSynchronousEvents) => [
      `allowSynchronousEvents: ${allowSynchronousEvents}`,
      async (_, stage) => {
        const { client, track, peer } = await stage.clientOfRaw({ allowSynchronousEvents })
        for (const event of ['message', 'ping', 'pong']) {
          client.on(event, () => {
            queueMicrotask(() => track.note('microtask'))
            process.nextTick(() => track.note('tick'))
          })
        }
        peer.say(
          frame({ opcode: 1, payload: 'a' }),
          frame({ opcode: 1, payload: 'b' }),
          frame({ opcode: 9, payload: 'p' }),
          frame({ opcode: 2, payload: 'c' }),
        )
        await track.until('message', 3)
        await track.until('tick', 4)
        await track.until('microtask', 4)
      },
    ]),
  ),

  'more arrives than is put off at a time': async (_, stage) => {
    const pair = await stage.pair({ server: { allowSynchronousEvents: false } })
    for (let i = 0; i < 50; i++) pair.client.send(Buffer.alloc(20_000, i))
    await pair.serverTrack.until('message', 50)
  },

  'a close behind messages that are put off': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw({ allowSynchronousEvents: false })
    peer.say(
      frame({ opcode: 1, payload: 'a' }),
      frame({ opcode: 1, payload: 'b' }),
      frame({ opcode: 8, payload: hex('03e8') }),
    )
    peer.socket.end()
    await track.until('close')
    await peer.left()
  },

  'an exception in a listener of message reaches the process': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    client.once('message', () => {
      throw new Error('mine')
    })
    peer.say(frame({ opcode: 1, payload: 'a' }))
    const [error] = (await caught) as [Error]
    for (const listener of listeners) process.on('uncaughtException', listener)
    track.note('caught', error)
    track.note('state', client.readyState)
  },

  'pings beyond maxPendingAutoPongs end the connection': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw({ maxPendingAutoPongs: 2 })
    peer.say(...[1, 2, 3, 4].map((i) => frame({ opcode: 9, payload: `${i}`, key: KEY })))
    await track.until('ping', 4)
    await turns(2)
    track.note('state', client.readyState === 1 ? 'open' : 'not open')
  },

  ...Object.fromEntries(
    (['server', 'client'] as const).flatMap((side) => [
      [
        `maxPayload by default, of a ${side}`,
        async (_, stage) => {
          const { track, peer } = side === 'client' ? await stage.clientOfRaw() : await stage.serverOfRaw()
          // The first frame may come: nothing happens until it is there. The second would make the message too long.
          const mask = side === 'client' ? '' : '00000000'
          peer.say(hex(side === 'client' ? '0201' : `0281 ${mask}`), hex('61'))
          peer.say(hex(side === 'client' ? '807f 0000000006400000' : '80ff 0000000006400000'))
          await peer.track.until('frame')
          if (side === 'client') peer.socket.end()
          await track.until('close')
          await peer.left()
        },
      ],
      [
        `the longest message by default, of a ${side}`,
        async (_, stage) => {
          const { client, track, peer } = side === 'client' ? await stage.clientOfRaw() : await stage.serverOfRaw()
          peer.say(hex(side === 'client' ? '827f 0000000006400000' : '82ff 0000000006400000'))
          await new Promise((resolve) => setTimeout(resolve, 30))
          track.note('no complaint', client.readyState)
        },
      ],
      [
        `maxFragments by default, of a ${side}`,
        async (_, stage) => {
          const { track, peer } = side === 'client' ? await stage.clientOfRaw() : await stage.serverOfRaw()
          const key = side === 'client' ? {} : { key: '00000000' }
          const middle = Buffer.from(frame({ opcode: 0, fin: false, ...key }))
          const message = (fragments: number) =>
            Buffer.concat([
              frame({ opcode: 1, fin: false, payload: 'a', ...key }),
              ...Array.from({ length: fragments - 2 }, () => middle),
              frame({ opcode: 0, payload: 'b', ...key }),
            ])
          peer.say(message(16_384))
          await track.until('message')
          peer.say(message(16_385))
          await peer.track.until('frame')
          if (side === 'client') peer.socket.end()
          await track.until('close')
        },
      ],
      [
        `maxPendingAutoPongs by default, of a ${side}`,
        async (_, stage) => {
          const { client, track, peer } = side === 'client' ? await stage.clientOfRaw() : await stage.serverOfRaw()
          const key = side === 'client' ? {} : { key: '00000000' }
          const pings = (count: number) => Array.from({ length: count }, () => frame({ opcode: 9, ...key }))
          peer.say(...pings(60))
          await peer.track.until('frame', 60)
          track.note('open', client.readyState)
          peer.say(...pings(61))
          await Promise.race([track.until('close'), peer.track.until('frame', 121)])
        },
      ],
    ]),
  ),

  'a Receiver on its own': async (ws, stage) => {
    const track = stage.track('receiver')
    const receiver = new ws.Receiver({ isServer: false, binaryType: 'nodebuffer', extensions: {}, maxPayload: 20 })
    for (const event of ['message', 'ping', 'pong', 'conclude', 'error', 'drain', 'finish']) {
      receiver.on(event, (...values: unknown[]) => track.note(event, ...values))
    }
    receiver.write(Buffer.from(frame({ opcode: 1, payload: 'text' })))
    receiver.write(Buffer.from(frame({ opcode: 2, payload: 'bytes' })))
    receiver.write(Buffer.from(frame({ opcode: 9, payload: 'p' })))
    receiver.write(Buffer.from(frame({ opcode: 10, payload: 'q' })))
    receiver.write(Buffer.from(frame({ opcode: 8, payload: hex('03e8 62 79 65') })))
    await track.until('finish')
  },

  'a Receiver on its own and its error': async (ws, stage) => {
    const track = stage.track('receiver')
    const receiver = new ws.Receiver()
    for (const event of ['message', 'conclude', 'error', 'finish']) {
      receiver.on(event, (...values: unknown[]) => track.note(event, ...values))
    }
    receiver.write(Buffer.from(frame({ opcode: 3 })), track.callback('write'))
    track.note('written')
    await track.until('error')
    track.note(receiver.destroyed)
  },

  'many messages in one turn keep their order': async (_, stage) => {
    const pair = await stage.pair()
    for (let i = 0; i < 200; i++) pair.client.send(`${i}`)
    await until(() => pair.serverTrack.count('message') === 200)
  },

  'two servers and clients do not mix': async (_, stage) => {
    const sockets: Client[] = []
    const { url } = await stage.server({}, (socket) => sockets.push(socket))
    const one = stage.client('one', url)
    await one.track.until('open')
    await until(() => sockets.length === 1)
    const two = stage.client('two', url)
    await two.track.until('open')
    await until(() => sockets.length === 2)
    sockets[0]!.send('for one')
    sockets[1]!.send('for two')
    await one.track.until('message')
    await two.track.until('message')
  },
} satisfies Scenarios
