// The face of EventTarget: listeners, handlers in `on…`, and the events that they get.

import { frame, hex } from '../../support/wire.ts'
import { call, type Scenarios } from './stage.ts'
import type { Track } from './transcript.ts'

type Noted = { type: string; target: unknown }

function noteEvent(track: Track, name: string, event: Noted): void {
  const shown: Record<string, unknown> = {}
  for (const key in event) shown[key] = key === 'target' ? typeof event.target : Reflect.get(event, key)
  track.note(name, event.constructor.name, shown, Object.keys(event))
}

const TYPES = ['open', 'message', 'close', 'error'] as const

export const eventTarget: Scenarios = {
  'the events of a connection': async (_, stage) => {
    const { url } = await stage.server({}, (socket) => {
      socket.send('text')
      socket.send(Buffer.from('bytes'))
      socket.on('message', () => socket.close(4001, 'grüße'))
    })
    const client = stage.make(url)
    const track = stage.track('client')
    for (const type of TYPES) {
      client.addEventListener(type, (event: Noted) => {
        track.note('same target', event.target === client)
        noteEvent(track, type, event)
      })
    }
    await track.until('message', 2)
    client.send('now')
    await track.until('close')
  },

  'the event of an error and of an end that is not clean': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.addEventListener('error', (event) => noteEvent(track, 'error event', event))
    client.addEventListener('close', (event) => noteEvent(track, 'close event', event))
    peer.say(frame({ opcode: 3 }))
    await peer.track.until('frame')
    peer.socket.end()
    await track.until('close event')
  },

  'wasClean wants both close frames': async (_, stage) => {
    for (const [name, act] of [
      ['both', (peer) => peer.say(frame({ opcode: 8, payload: hex('03e8') }))],
      ['none', (peer) => peer.socket.end()],
    ] as [string, (peer: { say(bytes: Uint8Array): void; socket: { end(): void } }) => void][]) {
      const { url, peers } = await stage.rawServer((peer) => {
        peer.accept()
        act(peer)
      })
      const client = stage.make(url)
      const track = stage.track(`client ${name}`)
      client.onclose = ({ code, reason, wasClean }) => track.note('close', code, reason, wasClean)
      await track.until('close')
      await peers[0]!.left()
    }
  },

  'the events and their prototypes': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    const seen: object[] = []
    client.addEventListener('message', (event) => seen.push(event))
    client.addEventListener('close', (event) => seen.push(event))
    server.send('x')
    server.close(1000)
    await track.until('close')
    await stage.track('server').until('close')
    for (const event of seen) {
      let prototype: object | null = Object.getPrototypeOf(event) as object | null
      while (prototype !== null && prototype !== Object.prototype) {
        track.note(prototype.constructor.name, Object.getOwnPropertyNames(prototype).sort())
        for (const [name, { enumerable, configurable, get, set }] of Object.entries(
          Object.getOwnPropertyDescriptors(prototype),
        )) {
          track.note(name, enumerable, configurable, get !== undefined, set !== undefined)
        }
        prototype = Object.getPrototypeOf(prototype) as object | null
      }
      track.attemptBriefly('write', () => {
        ;(event as { type: string }).type = 'other'
      })
    }
  },

  'a listener is added once, and removed': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    const listener = () => track.note('listener')
    const before = client.listenerCount('message')
    client.addEventListener('message', listener)
    client.addEventListener('message', listener)
    track.note('listeners', client.listenerCount('message') - before)
    server.send('one')
    await track.until('listener')
    track.attempt('remove', () => client.removeEventListener('message', listener))
    track.attempt('remove again', () => client.removeEventListener('message', listener))
    track.attempt('remove a stranger', () => client.removeEventListener('message', () => {}))
    track.note('listeners', client.listenerCount('message') - before)
    server.send('two')
    await track.until('message', 2)
  },

  'the same function for several events, and beside on': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    const listener = (...values: unknown[]) => track.note('called', values.length, (values[0] as Noted).type)
    client.addEventListener('message', listener)
    client.addEventListener('close', listener)
    client.on('message', listener)
    server.send('x')
    server.close(1000)
    await track.until('close')
    await stage.track('server').until('close')
  },

  once: async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    client.addEventListener('message', ({ data }) => track.note('once', data), { once: true })
    const removed = () => track.note('never')
    client.addEventListener('message', removed, { once: true })
    client.removeEventListener('message', removed)
    server.send('one')
    server.send('two')
    await track.until('message', 2)
  },

  'listeners that are objects': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    const handler = {
      handleEvent(this: object, { data }: { data: unknown }) {
        track.note('handleEvent', data, this === handler)
      },
    }
    client.addEventListener('message', handler)
    client.addEventListener('message', handler)
    server.send('one')
    await track.until('handleEvent')
    handler.handleEvent = ({ data }) => track.note('replaced', data)
    server.send('two')
    await track.until('replaced')
    client.removeEventListener('message', handler)
    server.send('three')
    await track.until('message', 3)
  },

  'this in a listener': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    client.addEventListener('message', function (this: unknown) {
      track.note('this', this === client)
    })
    client.onmessage = function (this: unknown) {
      track.note('this of onmessage', this === client)
    }
    server.send('x')
    await track.until('this of onmessage')
  },

  'events that are not of EventTarget are not listened to': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    for (const type of ['ping', 'pong', 'upgrade', 'redirect', 'unexpected-response', 'x', '']) {
      const count = client.listenerCount(type as string)
      track.attempt(`${type}`, () => call(client, 'addEventListener', type, () => {}))
      track.note('listeners', client.listenerCount(type as string) - count)
    }
  },

  'listeners that are none': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    for (const listener of [null, 5, 'x', {}]) {
      const count = client.listenerCount('open')
      track.attempt('add', () => call(client, 'addEventListener', 'open', listener))
      track.note('listeners', client.listenerCount('open') - count)
    }
    track.attemptBriefly('options null', () => call(client, 'addEventListener', 'open', () => {}, null))
    track.attempt('options true', () => call(client, 'addEventListener', 'open', () => {}, true))
  },

  'the handlers in on…': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    for (const type of TYPES) track.note(`on${type}`, Reflect.get(client, `on${type}`))
    const first = () => track.note('first')
    const second = () => track.note('second')
    const before = client.listenerCount('message')
    client.onmessage = first
    track.note(client.onmessage === first, client.listenerCount('message') - before)
    client.onmessage = second
    track.note(client.onmessage === second, client.listenerCount('message') - before)
    server.send('one')
    await track.until('second')
    for (const value of [null, undefined, 5, 'x', {}, { handleEvent() {} }]) {
      client.onmessage = second
      Reflect.set(client, 'onmessage', value)
      track.note(value, client.onmessage, client.listenerCount('message') - before)
    }
    server.send('two')
    await track.until('message', 2)
  },

  'a handler in on… is not a listener': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    const handler = () => track.note('called')
    client.onmessage = handler
    client.addEventListener('message', handler)
    server.send('one')
    await track.until('called', 2)
    client.removeEventListener('message', handler)
    track.note(client.onmessage === handler)
    client.removeEventListener('message', handler)
    track.note(client.onmessage === handler)
    client.onmessage = null
    server.send('two')
    await track.until('message', 2)
  },

  'a replaced handler loses its place': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    client.onmessage = () => track.note('first handler')
    client.addEventListener('message', () => track.note('listener'))
    client.onmessage = () => track.note('second handler')
    server.send('x')
    await track.until('second handler')
  },

  'removeAllListeners takes listeners and handlers away': async (_, stage) => {
    const { client, clientTrack: track, server } = await stage.pair()
    client.onmessage = () => track.note('handler')
    client.addEventListener('message', () => track.note('listener'))
    client.removeAllListeners('message')
    track.note(client.onmessage, client.listenerCount('message'))
    client.on('message', () => track.note('only'))
    server.send('x')
    await track.until('only')
  },

  'an error without a listener is thrown': async (_, stage) => {
    const { client, track } = await stage.clientOfRaw()
    client.removeAllListeners('error')
    track.attempt('emit', () => client.emit('error', new Error('mine')))
    client.onerror = ({ message }) => track.note('onerror', message)
    track.attempt('emit with onerror', () => client.emit('error', new Error('mine')))
  },

  'what is emitted by hand reaches the listeners as events': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    for (const type of TYPES) client.addEventListener(type, (event: Noted) => noteEvent(track, type, event))
    client.emit('open')
    client.emit('message', Buffer.from('by hand'), false)
    client.emit('message', Buffer.from('by hand'), true)
    client.emit('message', 'text', false)
    client.emit('error', new Error('by hand'))
    client.emit('close', 1000, Buffer.from('by hand'))
    track.attemptBriefly('close without a reason', () => client.emit('close', 1000))
  },
}
