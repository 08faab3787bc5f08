// What the sending methods take, what leaves for it, and when their callbacks are called.

import { frame, hex } from '../../support/wire.ts'
import { internals } from './module.ts'
import { call, type Scenarios, turns, until } from './stage.ts'
import type { Track } from './transcript.ts'

class Bytes {
  valueOf(): Uint8Array {
    return Uint8Array.of(0x76, 0x77)
  }
}

const DATA: Readonly<Record<string, () => unknown>> = {
  text: () => 'text',
  'empty text': () => '',
  'text beyond ASCII': () => 'ä€😀',
  'a lone surrogate': () => 'a\ud800b',
  'a Buffer': () => Buffer.from('buffer'),
  'an empty Buffer': () => Buffer.alloc(0),
  'an ArrayBuffer': () => Uint8Array.of(1, 2, 3).buffer,
  'a SharedArrayBuffer': () => {
    const shared = new SharedArrayBuffer(3)
    new Uint8Array(shared).set([7, 8, 9])
    return shared
  },
  'a Uint8Array': () => Uint8Array.of(4, 5, 6),
  'a part of an array': () => Uint8Array.of(0, 1, 2, 3, 4, 5).subarray(2, 4),
  'an array of larger elements': () => Uint16Array.of(0x0102, 0x0304).subarray(1),
  'an array of floats': () => Float32Array.of(0.5),
  'a DataView': () => new DataView(Uint8Array.of(9, 8, 7, 6).buffer, 1, 2),
  'a Blob': () => new Blob(['blob']),
  'an empty Blob': () => new Blob([]),
  'a number': () => 42,
  zero: () => 0,
  'a negative number': () => -1.5,
  'not a number': () => Number.NaN,
  'an array': () => [1, 2, 300],
  'an empty array': () => [],
  'an array of text': () => ['1', 'x'],
  'an object': () => ({ a: 1 }),
  'an object of bytes': () => new Bytes(),
  'an object like an array': () => ({ length: 2, 0: 65, 1: 66 }),
  'a String object': () => new String('boxed'),
  'an object with toPrimitive': () => ({ [Symbol.toPrimitive]: () => 'primitive' }),
  'a Date': () => new Date(0),
  true: () => true,
  false: () => false,
  null: () => null,
  undefined: () => undefined,
  'a bigint': () => 1n,
  'a symbol': () => Symbol('s'),
}

/** Sends, then a mark behind it, so that what did not arrive is seen not to. */
async function sendAndMark(track: Track, socket: object, method: string, arguments_: unknown[]): Promise<boolean> {
  let threw = false
  try {
    track.note(method, 'returned', call(socket, method, ...arguments_))
  } catch (error) {
    track.note(method, 'threw', error)
    threw = true
  }
  return threw
}

export const sending: Scenarios = {
  ...Object.fromEntries(
    Object.entries(DATA).map(([name, make]) => [
      `send: ${name}`,
      async (_, stage) => {
        const { client, track, peer } = await stage.serverOfRaw()
        const before = peer.track.count('frame')
        const threw = await sendAndMark(track, client, 'send', [make(), track.callback('callback')])
        if (!threw) {
          await peer.track.until('frame', before + 1)
          await track.until('callback')
        }
        track.note('state', client.readyState, client.bufferedAmount)
      },
    ]),
  ),

  ...Object.fromEntries(
    (['ping', 'pong'] as const).flatMap((method) =>
      Object.entries(DATA).map(([name, make]) => [
        `${method}: ${name}`,
        async (_, stage) => {
          const { client, track, peer } = await stage.serverOfRaw()
          const threw = await sendAndMark(track, client, method, [make(), false, track.callback('callback')])
          if (!threw) {
            await peer.track.until('frame')
            await track.until('callback')
          }
        },
      ]),
    ),
  ),

  'the options of send': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    const cases: [unknown, unknown][] = [
      ['text as binary', { binary: true }],
      [Buffer.from('binary as text'), { binary: false }],
      ['first', { fin: false }],
      ['middle', { fin: false, binary: true }],
      ['last', { fin: true }],
      ['compressed without compression', { compress: true }],
      ['null', null],
      ['undefined', undefined],
      ['binary undefined', { binary: undefined }],
      ['fin undefined', { fin: undefined }],
      ['after that', {}],
    ]
    for (const [data, options] of cases) await sendAndMark(track, client, 'send', [data, options])
    await peer.track.until('frame', cases.length)
  },

  'text and bytes in the same message': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    const cases: [unknown, object][] = [
      [Buffer.from('bytes'), { fin: false }],
      ['text', { fin: false }],
      ['text as text', { binary: false }],
      ['text', { fin: false }],
      [Buffer.from('bytes'), { fin: false }],
      [Buffer.from('bytes as bytes'), { binary: true }],
    ]
    for (const [data, options] of cases) await sendAndMark(track, client, 'send', [data, options])
    await peer.track.until('frame', cases.length)
  },

  'callbacks of what is sent in front of close and behind it': async (_, stage) => {
    const { clientTrack: track, client, serverTrack } = await stage.pair()
    client.send('in time', track.callback('in time'))
    client.close(1000)
    client.send('too late', track.callback('too late'))
    await track.until('close')
    await serverTrack.until('close')
  },

  'bytes that are no text are sent as text': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    const threw = await sendAndMark(track, client, 'send', [Buffer.from([0xff, 0xfe]), { binary: false }])
    if (!threw) await peer.track.until('frame')
  },

  'ping between the fragments of a message': async (_, stage) => {
    const { client, peer } = await stage.serverOfRaw()
    client.send('a', { fin: false })
    client.ping('p')
    client.send('b', { fin: true })
    await peer.track.until('frame', 3)
  },

  'the arguments of ping and pong': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    for (const method of ['ping', 'pong']) {
      await sendAndMark(track, client, method, [])
      await sendAndMark(track, client, method, [track.callback(`${method} callback first`)])
      await sendAndMark(track, client, method, ['data', track.callback(`${method} callback second`)])
      await sendAndMark(track, client, method, ['data', false, track.callback(`${method} callback third`)])
    }
    await peer.track.until('frame', 8)
    await track.until('pong callback third')
  },

  'ping and pong of 125 bytes, and of more': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    for (const method of ['ping', 'pong']) {
      await sendAndMark(track, client, method, ['x'.repeat(125)])
      for (const data of ['x'.repeat(126), 'ä'.repeat(63), Buffer.alloc(126), new Blob(['x'.repeat(126)])]) {
        await sendAndMark(track, client, method, [data, false, track.callback('callback')])
      }
    }
    await peer.track.until('frame', 2)
    await turns(2)
  },

  'what the lengths of frames look like': async (_, stage) => {
    const pair = await stage.pair()
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]) pair.client.send('x'.repeat(length))
    await pair.serverTrack.until('message', 8)
    for (const length of [0, 125, 126, 65_535, 65_536]) pair.server.send(Buffer.alloc(length, 0x61))
    await pair.clientTrack.until('message', 5)
  },

  'the bytes of an application are not masked in place': async (_, stage) => {
    const pair = await stage.pair()
    const bytes = Buffer.from('do not write here')
    const { buffer } = Uint8Array.of(1, 2, 3)
    const array = [1, 2, 3]
    pair.client.send(bytes)
    pair.client.send(buffer)
    pair.client.send(array)
    pair.client.ping(bytes)
    await pair.serverTrack.until('ping')
    pair.clientTrack.note(bytes, buffer, array)
  },

  'generateMask gives the masking keys': async (_, stage) => {
    const keys: number[] = []
    let next = 1
    const { client, peer } = await stage.clientOfRaw({
      generateMask(key: Buffer) {
        keys.push(key.length)
        key.fill(next++)
      },
    })
    const wire: Buffer[] = []
    peer.socket.on('data', (bytes) => wire.push(bytes))
    client.send('ab')
    client.ping('c')
    client.send(Buffer.from('long enough for another way of masking'))
    client.close(1000)
    await peer.track.until('frame', 4)
    stage.track('wire').note(Buffer.concat(wire).toString('hex'), keys)
  },

  'generateMask of zeros leaves the payload as it is': async (_, stage) => {
    const { client, peer } = await stage.clientOfRaw({ generateMask: (key: Buffer) => key.fill(0) })
    const wire: Buffer[] = []
    peer.socket.on('data', (bytes) => wire.push(bytes))
    client.send('plain')
    client.send(Buffer.from('bytes'))
    await peer.track.until('frame', 2)
    stage.track('wire').note(Buffer.concat(wire).toString('hex'))
  },

  'without generateMask every frame has a key of its own': async (_, stage) => {
    const { client, peer } = await stage.clientOfRaw()
    const wire: Buffer[] = []
    peer.socket.on('data', (bytes) => wire.push(bytes))
    for (let i = 0; i < 4; i++) client.send('x')
    await peer.track.until('frame', 4)
    const bytes = Buffer.concat(wire).toString('hex')
    const keys = [0, 1, 2, 3].map((i) => bytes.slice(14 * i + 4, 14 * i + 12))
    stage.track('wire').note(new Set(keys).size)
  },

  'the methods before the connection is open throw': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    for (const method of ['send', 'ping', 'pong']) {
      await sendAndMark(track, client, method, ['data', track.callback('callback')])
      await sendAndMark(track, client, method, [])
    }
    track.note('amount', client.bufferedAmount)
    await track.until('open')
  },

  'the methods of a closing and of a closed connection tell their callbacks': async (_, stage) => {
    const pair = await stage.pair()
    const { client, clientTrack: track } = pair
    const tryAll = async (when: string) => {
      for (const method of ['send', 'ping', 'pong']) {
        await sendAndMark(track, client, method, ['data', track.callback(`${when} ${method} callback`)])
        await sendAndMark(track, client, method, ['without callback'])
        await sendAndMark(track, client, method, [])
      }
      await sendAndMark(track, client, 'send', ['data', { binary: true }, track.callback(`${when} options`)])
      track.note('not yet called')
      process.nextTick(() => track.note(`${when} tick`))
      await track.until(`${when} tick`)
    }
    client.close(1000)
    await tryAll('closing')
    await track.until('close')
    await pair.serverTrack.until('close')
    await tryAll('closed')
  },

  'bufferedAmount grows by what is sent after the end': async (_, stage) => {
    const pair = await stage.pair()
    const { client, clientTrack: track } = pair
    client.terminate()
    await track.until('close')
    await pair.serverTrack.until('close')
    const sizes: unknown[] = [
      'abc',
      'ä',
      Buffer.alloc(10),
      new ArrayBuffer(5),
      [1, 2],
      new Blob(['1234567']),
      12_345,
      '',
      null,
      undefined,
      0,
    ]
    for (const data of sizes) {
      call(client, 'send', data)
      track.note('send', data, client.bufferedAmount)
    }
    client.ping('ping')
    client.pong('pong!')
    track.note(client.bufferedAmount)
    track.attempt('an object', () => call(client, 'send', { a: 1 }))
    track.attempt('true', () => call(client, 'send', true))
  },

  'bufferedAmount of a client that never opened': async (_, stage) => {
    const { client, track } = stage.client('client', 'ws://127.0.0.1:1')
    await track.until('close')
    client.send('four', track.callback('callback'))
    track.note(client.bufferedAmount)
    await track.until('callback')
  },

  'callbacks of what was sent come in order, and after the call': async (_, stage) => {
    const { clientTrack: track, client, serverTrack } = await stage.pair()
    client.send('a', track.callback('a'))
    client.ping('p', undefined, track.callback('ping'))
    client.send(Buffer.from('b'), { binary: true }, track.callback('b'))
    client.pong('q', undefined, track.callback('pong'))
    client.send('c', {}, track.callback('c'))
    track.note('sent')
    await track.until('c')
    await serverTrack.until('message', 3)
  },

  'what is sent while a message is told': async (_, stage) => {
    const { client, clientTrack, server, serverTrack } = await stage.pair()
    const inherited = Object.assign(Object.create({ binary: true, fin: false }), { compress: false })
    const cases: [unknown, ...unknown[]][] = [
      ['text'],
      ['text beyond ASCII: ä€😀', { compress: false }],
      [Buffer.from('a Buffer')],
      [Buffer.from('text in a Buffer'), { binary: false }],
      [Buffer.from('ä€😀'.repeat(30)), { binary: false }],
      [Buffer.from('ä€😀'.repeat(3000)), { binary: false }],
      ['text as binary', { binary: true }],
      [Uint8Array.of(1, 2, 3).subarray(1)],
      ['', serverTrack.callback('nothing')],
      [Buffer.alloc(0), {}, serverTrack.callback('no bytes')],
      [42, { binary: undefined }],
      ['first', { fin: false }, serverTrack.callback('first')],
      ['last', { fin: true }],
      ['an option of its prototype', inherited],
      ['null', null, serverTrack.callback('null')],
    ]
    server.on('message', () => {
      for (const [data, ...rest] of cases) call(server, 'send', data, ...rest)
      serverTrack.note('sent', server.readyState)
      server.close(1000)
    })
    client.send('go')
    await clientTrack.until('close')
    await serverTrack.until('close')
  },

  'a Blob holds back what is sent after it': async (_, stage) => {
    const { track, client, peer } = await stage.serverOfRaw()
    client.send(new Blob(['blob one']), track.callback('blob'))
    client.send('behind', track.callback('behind'))
    client.ping('ping', false, track.callback('ping'))
    client.send(new Blob(['blob two']), track.callback('second blob'))
    track.note('amount', client.bufferedAmount)
    client.close(1000, 'end')
    await peer.track.until('frame', 5)
    await track.until('second blob')
    track.note('amount', client.bufferedAmount)
  },

  'a Blob and the end of the connection': async (_, stage) => {
    const { track, client, serverTrack } = await stage.pair().then((pair) => ({ ...pair, track: pair.clientTrack }))
    client.send(new Blob(['never']), track.callback('blob'))
    client.send('neither', track.callback('behind'))
    client.terminate()
    await track.until('close')
    await track.until('behind')
    await serverTrack.until('close')
  },

  'a Blob that cannot be read': async (_, stage) => {
    const { track, client, serverTrack } = await stage.pair().then((pair) => ({ ...pair, track: pair.clientTrack }))
    const blob = new Blob(['broken'])
    blob.arrayBuffer = () => Promise.reject(new Error('unreadable'))
    client.send(blob, track.callback('blob'))
    client.send('behind', track.callback('behind'))
    await track.until('close')
    await serverTrack.until('close')
  },

  'autoPong answers pings': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(frame({ opcode: 9, key: '01020304', payload: 'one' }), frame({ opcode: 9, key: '01020304' }))
    await peer.track.until('frame', 2)
    await track.until('ping', 2)
  },

  'autoPong can be turned off, on either side': async (_, stage) => {
    for (const side of ['client', 'server'] as const) {
      const { url, sockets } = await stage.server(
        side === 'server' ? { autoPong: false } : {},
        undefined,
        `${side} server`,
      )
      const { client, track } = stage.client(`${side} client`, url, side === 'client' ? { autoPong: false } : {})
      await track.until('open')
      await until(() => sockets.length === 1)
      const [far, farTrack, near, nearTrack] =
        side === 'client'
          ? [sockets[0]!, stage.track(`${side} server`), client, track]
          : [client, track, sockets[0]!, stage.track(`${side} server`)]
      far.ping('unanswered')
      await nearTrack.until('ping')
      near.pong('by hand')
      await farTrack.until('pong')
    }
  },

  'pings in closing are not answered': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000)
    await peer.track.until('frame')
    peer.say(frame({ opcode: 9, payload: 'late' }), frame({ opcode: 8, payload: hex('03e8') }))
    await track.until('close')
    await peer.left()
  },

  'a ping is answered before its event': async (_, stage) => {
    const { client, peer } = await stage.serverOfRaw()
    client.on('ping', () => client.send('from the listener'))
    peer.say(frame({ opcode: 9, key: '01020304', payload: 'x' }))
    await peer.track.until('frame', 2)
  },

  'a write to a peer that is gone': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    peer.socket.resetAndDestroy()
    await track.until('close')
    await sendAndMark(track, client, 'send', ['late', track.callback('callback')])
    await track.until('callback')
  },

  'messages wait in bufferedAmount while the peer does not read': async (_, stage) => {
    const pair = await stage.pair()
    pair.server.pause()
    const chunk = Buffer.alloc(1 << 20)
    let calls = 0
    for (let i = 0; i < 24; i++) pair.client.send(chunk, () => calls++)
    pair.clientTrack.note('waiting', pair.client.bufferedAmount > 1 << 20, calls)
    pair.server.resume()
    await pair.serverTrack.until('message', 24)
    await until(() => calls === 24)
    pair.clientTrack.note('sent', pair.client.bufferedAmount)
  },

  'Sender.frame makes the bytes of a frame': async (ws, stage) => {
    const track = stage.track('frame')
    const { frame: make } = ws.Sender
    const options = { fin: true, mask: false, opcode: 1, readOnly: false, rsv1: false }
    const key = (bytes: Buffer) => Buffer.from('01020304', 'hex').copy(bytes)
    for (const [name, data, more] of [
      ['text', 'hello', {}],
      ['bytes', Buffer.from('hello'), { opcode: 2 }],
      ['nothing', Buffer.alloc(0), {}],
      ['not final', Buffer.from('a'), { fin: false }],
      ['rsv1', Buffer.from('a'), { rsv1: true }],
      ['126', Buffer.alloc(126), {}],
      ['65536', Buffer.alloc(65_536), {}],
      ['masked', Buffer.from('hello'), { mask: true, generateMask: key }],
      ['masked, read only', Buffer.from('hello'), { mask: true, readOnly: true, generateMask: key }],
      ['masked text', 'hello', { mask: true, generateMask: key }],
      ['masked, 126', Buffer.alloc(126, 1), { mask: true, readOnly: true, generateMask: key }],
      ['as socket.io does', Buffer.from('42["a"]'), {}],
    ] as const) {
      const list = make(data, { ...options, ...more })
      track.note(
        name,
        list.length,
        list.map((part) => Buffer.from(part as Uint8Array | string as string)),
      )
    }
    const mine = Buffer.from('hello')
    make(mine, { ...options, mask: true, readOnly: true, generateMask: key })
    track.note('read only', mine)
  },

  'engine.io sends frames of its own through _sender': async (ws, stage) => {
    const { client, track, peer } = await stage.serverOfRaw({ perMessageDeflate: false })
    const { _sender: sender, _socket: socket } = internals(client)
    track.note(typeof sender, typeof sender?.sendFrame, socket?.constructor.name)
    const list = ws.Sender.frame(Buffer.from('4hello'), {
      readOnly: false,
      mask: false,
      rsv1: false,
      opcode: 1,
      fin: true,
    })
    sender!.sendFrame(list, track.callback('first'))
    sender!.sendFrame(list, track.callback('second'))
    client.send('between')
    sender!.sendFrame(list)
    await peer.track.until('frame', 4)
    await track.until('second')
    for (const part of list) socket!.write(part)
    await peer.track.until('frame', 5)
    track.note('remote', socket!.remoteAddress, client.bufferedAmount)
  },

  'the underscored members before and after the connection': async (_, stage) => {
    const { url, sockets } = await stage.server()
    const { client, track } = stage.client('client', url)
    const note = (when: string) => {
      const { _socket, _sender, _receiver } = internals(client)
      track.note(when, _socket === null, _sender === null, _receiver === null)
    }
    note('connecting')
    await track.until('open')
    note('open')
    await until(() => sockets.length === 1)
    client.close()
    await track.until('close')
    await stage.track('server').until('close')
    note('closed')
  },

  'a Sender writes to any stream': async (ws, stage) => {
    const track = stage.track('sender')
    const written: unknown[] = []
    const socket = {
      destroyed: false,
      cork() {},
      uncork() {},
      write(data: unknown, callback?: () => void) {
        written.push(Buffer.from(data as string))
        callback?.()
      },
    }
    const sender = new ws.Sender(socket, {})
    call(sender, 'ping', 'p', false, track.callback('ping'))
    call(sender, 'send', 'text', { binary: false, fin: true, mask: false }, track.callback('send'))
    call(sender, 'send', Buffer.from('bytes'), { binary: true, fin: true, mask: false })
    call(sender, 'close', 1000, 'bye', false, track.callback('close'))
    track.note(Buffer.concat(written as Buffer[]).toString('hex'))
    track.attempt('a code that is none', () => call(sender, 'close', 1))
  },
} satisfies Scenarios
