// What a client tells its program, from the first event to the last.

import type { connect as dial } from 'node:net'
import type { Client } from './module.ts'
import { type Scenarios, turns, until } from './stage.ts'

export const clientEvents: Scenarios = {
  'a client from construction to close': async (_, stage) => {
    const { url, sockets } = await stage.server()
    const { client, track } = stage.client('client', url)
    track.note('made', client.readyState, client.url, client.protocol, client.extensions, client.binaryType)
    track.note('made', client.bufferedAmount, client.isPaused)
    client.on('upgrade', (response) => {
      track.note('upgrade', client.readyState, response.statusCode, response.statusMessage, response.constructor.name)
    })
    await track.until('open')
    track.note('opened', client.readyState, client.extensions, client.bufferedAmount, client.isPaused)
    await until(() => sockets.length === 1)
    client.close(1000, 'done')
    track.note('closing', client.readyState)
    await track.until('close')
    await stage.track('server').until('close')
    track.note('closed', client.readyState, client.bufferedAmount, client.isPaused, client.extensions)
  },

  'listeners added in the turn of the constructor see everything': async (_, stage) => {
    const { url } = await stage.server({}, (socket) => {
      socket.send('at once')
      socket.ping('and')
    })
    const { track } = stage.client('client', url)
    await track.until('ping')
  },

  'what the server sends with its answer arrives after open and before the next turn of open': async (_, stage) => {
    const { url } = await stage.rawServer((peer) => {
      peer.accept()
      peer.say(Buffer.from('810161', 'hex'), Buffer.from('810162', 'hex'))
    })
    const { track } = stage.client('client', url)
    await track.until('message', 2)
  },

  'frames in the same segment as the answer are read': async (_, stage) => {
    const { url } = await stage.rawServer((peer) => {
      peer.socket.cork()
      peer.accept()
      peer.say(Buffer.from('810161', 'hex'), Buffer.from('890170', 'hex'), Buffer.from('880203e8', 'hex'))
      peer.socket.uncork()
    })
    const { track } = stage.client('client', url, { perMessageDeflate: false })
    await track.until('close')
  },

  'listeners added in open see the frames that came with the answer, a tick later they do not': async (_, stage) => {
    const { url } = await stage.rawServer((peer) => {
      peer.socket.cork()
      peer.accept()
      peer.say(Buffer.from('810161', 'hex'))
      peer.socket.uncork()
      void peer.track.until('frame').then(() => peer.say(Buffer.from('810162', 'hex')))
    })
    const client = stage.make(url, { perMessageDeflate: false })
    const track = stage.track('client')
    client.on('open', () => {
      track.note('open')
      client.on('message', (data) => track.note('message for open', data))
      queueMicrotask(() => track.note('microtask after open'))
      process.nextTick(() => {
        track.note('tick after open')
        client.on('message', (data) => track.note('message for tick', data))
        client.ping()
      })
    })
    await track.until('message for tick')
  },

  'the arguments of message for text, binary, and nothing at all': async (_, stage) => {
    const { clientTrack, server } = await stage.pair()
    server.send('text')
    server.send(Buffer.from('binary'))
    server.send('')
    server.send(Buffer.alloc(0))
    server.send('ä€😀')
    await clientTrack.until('message', 5)
  },

  'this in listeners is the WebSocket': async (_, stage) => {
    const { client, clientTrack, server } = await stage.pair()
    client.on('message', function (this: Client) {
      clientTrack.note('this', this === client)
    })
    server.send('x')
    await clientTrack.until('this')
  },

  'ping and pong events carry buffers': async (_, stage) => {
    const { client, clientTrack, server, serverTrack } = await stage.pair()
    client.ping('from client')
    await clientTrack.until('pong')
    server.ping()
    await serverTrack.until('pong')
    server.pong('unasked')
    await clientTrack.until('pong', 2)
  },

  'nobody listens at the port': async (_, stage) => {
    const { server, url } = await stage.server()
    await new Promise((resolve) => server.close(resolve))
    const { client, track } = stage.client('client', url)
    track.note('made', client.readyState)
    await track.until('close')
    track.note('closed', client.readyState)
  },

  'error and close of a failed connect come in one turn': async (_, stage) => {
    const { server, url } = await stage.server()
    await new Promise((resolve) => server.close(resolve))
    const { client, track } = stage.client('client', url)
    client.on('error', () => {
      queueMicrotask(() => track.note('microtask after error'))
      process.nextTick(() => track.note('tick after error'))
    })
    await track.until('tick after error')
    await track.until('close')
  },

  'close and terminate in connecting are reported in the next tick': async (_, stage) => {
    const { url } = await stage.server()
    for (const method of ['close', 'terminate'] as const) {
      const { client, track } = stage.client(method, url)
      track.attempt(method, () => client[method]())
      track.note('after', client.readyState)
      process.nextTick(() => track.note('tick'))
      queueMicrotask(() => track.note('microtask'))
      await track.until('close')
      track.attempt('again', () => client[method]())
      track.note(client.readyState)
    }
  },

  'close in connecting with a code that is not one': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    track.attempt('close', () => client.close(99, 'x'.repeat(200)))
    await track.until('close')
  },

  'close twice in connecting': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    track.attempt('close', () => client.close())
    track.attempt('terminate in the same turn', () => client.terminate())
    await track.until('close')
    await turns(3)
  },

  'close from the listener of upgrade': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    client.on('upgrade', () => {
      track.note('upgrade', client.readyState)
      client.close()
      track.note('after', client.readyState)
    })
    await track.until('close')
    await stage.track('server').until('close')
  },

  'terminate from the listener of open': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    client.on('open', () => {
      client.terminate()
      track.note('after', client.readyState)
    })
    await track.until('close')
    await stage.track('server').until('close')
  },

  'close from the listener of message drops what came with it': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.on('message', () => client.close(1000))
    peer.say(Buffer.from('810161810162810163', 'hex'))
    await peer.track.until('frame')
    peer.say(Buffer.from('880203e8', 'hex'))
    await track.until('close')
    await peer.left()
  },

  'terminate from the listener of message': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.on('message', () => client.terminate())
    peer.say(Buffer.from('810161810162810163', 'hex'))
    await track.until('close')
  },

  'the server goes away without a word': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw()
    peer.socket.end()
    await track.until('close')
  },

  'the server resets the connection': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    peer.socket.resetAndDestroy()
    await track.until('close')
    track.note('closed', client.readyState)
  },

  'the server ends in the middle of a frame': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw()
    peer.say(Buffer.from('81056162', 'hex'))
    peer.socket.end()
    await track.until('close')
  },

  'the socket is destroyed with an error under the connection': async (_, stage) => {
    const { client, clientTrack, serverTrack } = await stage.pair()
    const { _socket: socket } = client as unknown as { _socket: ReturnType<typeof dial> }
    socket.destroy(new Error('mine'))
    await clientTrack.until('close')
    await serverTrack.until('close')
  },

  'an error of the protocol comes after the messages before it, and close follows': async (_, stage) => {
    const { track, client, peer } = await stage.clientOfRaw()
    client.on('message', () => {
      queueMicrotask(() => track.note('microtask'))
    })
    client.addEventListener('error', ({ message }) => track.note('error event', message))
    peer.say(Buffer.from('810161f10162', 'hex'))
    await track.until('error')
    await peer.track.until('frame')
    peer.socket.end(Buffer.from('880203ea', 'hex'))
    await track.until('close')
    await peer.left()
  },
}
