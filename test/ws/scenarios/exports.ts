// What the module exports, and how its classes look from outside.

import type { WsModule } from './module.ts'
import type { Scenarios } from './stage.ts'
import type { Track } from './transcript.ts'

/** What CommonJS modules find by `require`, which a module of `ws` has as properties of its class. */
const FOR_REQUIRE = ['module.exports', 'Server']

/** Names that start with an underscore are the business of a module alone. */
function publicNames(target: object): string[] {
  return Object.getOwnPropertyNames(target)
    .filter((name) => !name.startsWith('_'))
    .sort()
}

function noteDescriptor(track: Track, target: object, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name)
  track.note(name, {
    kind: descriptor === undefined ? 'none' : 'value' in descriptor ? 'value' : 'accessor',
    enumerable: descriptor?.enumerable,
    configurable: descriptor?.configurable,
    writable: descriptor?.writable,
    getter: descriptor?.get !== undefined,
    setter: descriptor?.set !== undefined,
    value: descriptor?.value,
  })
}

const CONSTANTS = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']

/** What is accepted, or that nothing is. */
function noteAccepted(ws: WsModule, track: Track, isServer: boolean, options: object, configurations: object[]): void {
  const name = `${isServer ? 'server' : 'client'} ${JSON.stringify(options)} ${JSON.stringify(configurations)}`
  try {
    const accepted = new ws.PerMessageDeflate({ ...options, isServer }).accept(structuredClone(configurations))
    track.note(name, 'accepted', accepted)
  } catch {
    track.note(name, 'refused')
  }
}

export const exportsOfModule: Scenarios = {
  'the names of the module': async (ws, stage) => {
    const track = stage.track('module')
    track.note(
      Object.keys(ws)
        .filter((name) => !FOR_REQUIRE.includes(name))
        .sort(),
    )
    track.note('default is WebSocket', ws.default === ws.WebSocket)
    for (const [name, member] of Object.entries(ws).sort()) {
      if (typeof member === 'function' && !FOR_REQUIRE.includes(name)) track.note(name, member.name, member.length)
    }
  },

  'the properties of the default export': async (ws, stage) => {
    const track = stage.track('default')
    const { default: main } = ws
    const names = publicNames(main).filter(
      (name) => !['length', 'name', 'prototype', 'arguments', 'caller'].includes(name),
    )
    track.note(names)
    for (const name of names) {
      noteDescriptor(track, main, name)
      const member: unknown = Reflect.get(main, name)
      track.note(name, 'same as the export', member === Reflect.get(ws, name === 'Server' ? 'WebSocketServer' : name))
    }
    track.note(main.name, main.length)
  },

  'the public names of WebSocket.prototype': async (ws, stage) => {
    const track = stage.track('prototype')
    const names = publicNames(ws.WebSocket.prototype).filter(
      // Public in name only: documented nowhere, and marked private where they are.
      (name) => name !== 'setSocket' && name !== 'emitClose',
    )
    track.note(names)
    for (const name of names) noteDescriptor(track, ws.WebSocket.prototype, name)
  },

  'the public names of WebSocketServer.prototype': async (ws, stage) => {
    const track = stage.track('prototype')
    const names = publicNames(ws.WebSocketServer.prototype).filter((name) => name !== 'completeUpgrade')
    track.note(names)
    for (const name of names) noteDescriptor(track, ws.WebSocketServer.prototype, name)
  },

  'the constants of class and prototype cannot be written, deleted or redefined': async (ws, stage) => {
    const track = stage.track('constants')
    for (const name of CONSTANTS) {
      noteDescriptor(track, ws.WebSocket, name)
      noteDescriptor(track, ws.WebSocket.prototype, name)
    }
    track.attempt('write to the class', () => Reflect.set(ws.WebSocket, 'OPEN', 7))
    track.attempt('delete from the class', () => Reflect.deleteProperty(ws.WebSocket, 'OPEN'))
    track.attemptBriefly('write to the class, strictly', () => {
      ;(ws.WebSocket as { OPEN: number }).OPEN = 7
    })
    track.note(ws.WebSocket.OPEN, ws.WebSocket.prototype.OPEN)
  },

  'the chains of prototypes': async (ws, stage) => {
    const track = stage.track('chains')
    for (const type of [ws.WebSocket, ws.WebSocketServer, ws.Receiver, ws.Sender, ws.PerMessageDeflate]) {
      const chain: string[] = []
      let prototype: { constructor: { name: string } } | null = type.prototype as { constructor: { name: string } }
      while (prototype !== null) {
        chain.push(prototype.constructor.name)
        prototype = Object.getPrototypeOf(prototype) as { constructor: { name: string } } | null
      }
      track.note(chain)
    }
  },

  'a WebSocket can be subclassed, and called without new it throws': async (ws, stage) => {
    const track = stage.track('class')
    class Mine extends ws.WebSocket {
      readonly mine = true
    }
    const { url } = await stage.server()
    const socket = new Mine(url)
    stage.watch(track, socket)
    await track.until('open')
    track.note(socket instanceof ws.WebSocket, socket.constructor.name, socket.mine)
    track.attempt('call', () => (ws.WebSocket as unknown as (url: string) => unknown)(url))
    track.attempt('call of the server', () => (ws.WebSocketServer as unknown as () => unknown)())
    socket.close()
    await track.until('close')
  },

  'the enumerable names of an open WebSocket in a for-in loop': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    const names: string[] = []
    for (const name in client) if (!name.startsWith('_')) names.push(name)
    track.note(names.sort())
  },

  'extension.parse and extension.format': async (ws, stage) => {
    const track = stage.track('extension')
    const headers = [
      'a',
      'a, b',
      'a; b',
      'a; b=1; b=2',
      'a; b="1"',
      'a; b="\\1\\2"',
      'a; b="\\1\\2"; c="\\3", d',
      'permessage-deflate; client_max_window_bits, permessage-deflate',
      'a;',
      'a,',
      ';',
      'a; b=',
      'a; b="',
      'a; b=""',
      'a; b="c d"',
      'a b',
      'a; b c',
      'a; b=c d',
      'a;b=1 , c',
      'a\t;b',
      '',
      '__proto__; hasOwnProperty',
      'a; b="1"x',
      'ä',
    ]
    for (const header of headers) track.attemptBriefly(header, () => ws.extension.parse(header))
    track.note(Object.getPrototypeOf(ws.extension.parse('a')) === null)
    for (const map of [
      { a: [{}] },
      { a: {} },
      { a: [{ b: true }] },
      { a: [{ b: [true, 1] }, { c: 'x' }], d: { e: 8 } },
      {},
    ]) {
      track.note(ws.extension.format(map))
    }
  },

  'subprotocol.parse': async (ws, stage) => {
    const track = stage.track('subprotocol')
    for (const header of [
      'a',
      'a,b',
      'a , b',
      'a\t,\tb',
      'a,a',
      'a, b, a',
      ',',
      'a,',
      ',a',
      'a b',
      '',
      'a,,b',
      'a;b',
      'ä',
    ]) {
      track.attemptBriefly(header, () => ws.subprotocol.parse(header))
    }
  },

  'lists with spaces around them': async (ws, stage) => {
    for (const header of [' a', 'a ']) {
      stage.track('extension').attemptBriefly(header, () => ws.extension.parse(header))
      stage.track('subprotocol').attemptBriefly(header, () => ws.subprotocol.parse(header))
    }
  },

  'what is said of lists that cannot be parsed': async (ws, stage) => {
    stage.track('extension').attempt('a b', () => ws.extension.parse('a b'))
    stage.track('subprotocol').attempt('a b', () => ws.subprotocol.parse('a b'))
    stage.track('subprotocol').attempt('a,a', () => ws.subprotocol.parse('a,a'))
  },

  'PerMessageDeflate offers and accepts': async (ws, stage) => {
    const track = stage.track('deflate')
    track.note(ws.PerMessageDeflate.extensionName)
    for (const options of [
      {},
      { serverNoContextTakeover: true, clientNoContextTakeover: true },
      { serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
      { clientMaxWindowBits: false },
      { clientMaxWindowBits: true },
      { clientMaxWindowBits: null },
    ]) {
      track.note(new ws.PerMessageDeflate({ ...options, isServer: false }).offer())
    }
    const offers: [object, object[]][] = [
      [{}, [{}]],
      [{}, [{ client_max_window_bits: [true] }]],
      [{}, [{ client_max_window_bits: ['10'] }]],
      [{}, [{ server_max_window_bits: ['7'] }]],
      [{}, [{ server_max_window_bits: ['16'] }]],
      [{}, [{ server_max_window_bits: [true] }]],
      [{}, [{ server_max_window_bits: ['10', '11'] }]],
      [{}, [{ server_no_context_takeover: ['1'] }]],
      [{}, [{ server_no_context_takeover: [true], client_no_context_takeover: [true] }]],
      [{}, [{ foo: [true] }]],
      [{ serverNoContextTakeover: false }, [{ server_no_context_takeover: [true] }]],
      [{ serverNoContextTakeover: true }, [{}]],
      [{ clientNoContextTakeover: true }, [{}]],
      [{ serverMaxWindowBits: false }, [{ server_max_window_bits: ['10'] }, {}]],
      [{ serverMaxWindowBits: 9 }, [{ server_max_window_bits: ['10'] }]],
      [{ clientMaxWindowBits: 12 }, [{ client_max_window_bits: [true] }]],
      [{ clientMaxWindowBits: 12 }, [{ client_max_window_bits: ['15'] }]],
      [{ clientMaxWindowBits: false }, [{ client_max_window_bits: ['15'] }]],
    ]
    for (const [options, offer] of offers) {
      noteAccepted(ws, track, true, options, offer)
    }
    const answers: [object, object][] = [
      [{}, {}],
      [{}, { client_max_window_bits: ['10'] }],
      [{}, { client_max_window_bits: [true] }],
      [{}, { server_max_window_bits: ['10'] }],
      [{ clientNoContextTakeover: false }, { client_no_context_takeover: [true] }],
      [{ clientMaxWindowBits: false }, { client_max_window_bits: ['10'] }],
      [{ clientMaxWindowBits: 9 }, { client_max_window_bits: ['10'] }],
      [{ clientMaxWindowBits: 11 }, { client_max_window_bits: ['10'] }],
    ]
    for (const [options, answer] of answers) noteAccepted(ws, track, false, options, [answer])
  },

  'PerMessageDeflate is offered windows beside its own': async (ws, stage) => {
    const track = stage.track('deflate')
    noteAccepted(ws, track, true, {}, [{ server_max_window_bits: ['8'] }])
    noteAccepted(ws, track, true, { serverMaxWindowBits: 12 }, [{ server_max_window_bits: ['10'] }])
    noteAccepted(ws, track, true, { clientMaxWindowBits: 12 }, [{}])
    noteAccepted(ws, track, true, { clientMaxWindowBits: 12 }, [{ client_max_window_bits: ['10'] }])
    noteAccepted(ws, track, false, { clientMaxWindowBits: 11 }, [{}])
  },

  'what PerMessageDeflate says of what it does not accept': async (ws, stage) => {
    const track = stage.track('deflate')
    const accept = (isServer: boolean, options: object, configuration: object) =>
      track.attempt('accept', () => new ws.PerMessageDeflate({ ...options, isServer }).accept([configuration]))
    accept(true, {}, { server_max_window_bits: ['7'] })
    accept(true, {}, { foo: [true] })
    accept(false, { clientMaxWindowBits: 9 }, { client_max_window_bits: ['10'] })
  },

  'PerMessageDeflate compresses and decompresses on its own': async (ws, stage) => {
    const track = stage.track('deflate')
    const deflate = new ws.PerMessageDeflate({ isServer: true })
    deflate.accept([{}])
    const back = new ws.PerMessageDeflate({ isServer: false, maxPayload: 20 })
    back.accept([{}])
    for (const text of ['hello hello hello', 'hello hello hello', 'a message that is too long for the other']) {
      const compressed = await new Promise<Buffer>((resolve) =>
        deflate.compress(text, true, (_, bytes) => resolve(bytes)),
      )
      await new Promise<void>((resolve) =>
        back.decompress(compressed, true, (error, bytes) => {
          track.note(error, bytes)
          resolve()
        }),
      )
    }
    deflate.cleanup()
    back.cleanup()
  },
}
