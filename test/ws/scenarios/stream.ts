// createWebSocketStream: a connection as a duplex stream of Node.

import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream'
import { frame, hex } from '../../support/wire.ts'
import type { Client, WsModule } from './module.ts'
import { type Scenarios, type Stage, turns, until } from './stage.ts'
import type { Track } from './transcript.ts'

function watch(track: Track, stream: Duplex): void {
  for (const event of ['end', 'finish', 'close', 'error']) {
    stream.on(event, (...values: unknown[]) => track.note(`stream ${event}`, ...values))
  }
}

function watchData(track: Track, stream: Duplex): void {
  stream.on('data', (data) => track.note('data', data))
}

/** A client as a stream, and the server's end of its connection. */
async function streamed(
  ws: WsModule,
  stage: Stage,
  options?: object,
): Promise<{ stream: Duplex; track: Track; server: Client; client: Client }> {
  const { url, sockets } = await stage.server()
  const client = stage.make(url)
  const stream = ws.createWebSocketStream(client, options)
  const track = stage.track('stream')
  watch(track, stream)
  await once(client, 'open')
  await until(() => sockets.length === 1)
  return { stream, track, server: sockets[0]!, client }
}

export const stream: Scenarios = {
  'the properties of a stream': async (ws, stage) => {
    const { stream, track } = await streamed(ws, stage)
    track.note(stream.constructor.name, stream.readable, stream.writable, stream.allowHalfOpen)
    track.note(stream.readableObjectMode, stream.writableObjectMode, stream.readableHighWaterMark, stream.destroyed)
    const second = ws
      .createWebSocketStream(
        stage.make('ws://127.0.0.1:1').on('error', () => {}),
        {
          readableObjectMode: true,
          objectMode: true,
          autoDestroy: true,
          emitClose: true,
          allowHalfOpen: false,
          readableHighWaterMark: 7,
          decodeStrings: false,
        },
      )
      .on('error', () => {})
    track.note(second.readableObjectMode, second.writableObjectMode, second.allowHalfOpen, second.readableHighWaterMark)
  },

  'messages are data': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage)
    watchData(track, stream)
    server.send('text')
    server.send(Buffer.from('bytes'))
    await track.until('data', 2)
  },

  'messages in object mode': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage, { readableObjectMode: true })
    watchData(track, stream)
    server.send('text')
    server.send(Buffer.from('bytes'))
    server.send('')
    await track.until('data', 3)
  },

  'an encoding': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage, { encoding: 'utf8' })
    watchData(track, stream)
    server.send('text ä')
    server.send(Buffer.from('bytes'))
    await track.until('data', 2)
  },

  'what is written is sent': async (ws, stage) => {
    const { stream, track } = await streamed(ws, stage)
    stream.write('text', (error) => track.note('callback', error))
    stream.write(Buffer.from('bytes'))
    stream.write(Uint8Array.of(1, 2))
    await stage.track('server').until('message', 3)
    await track.until('callback')
    track.attempt('a number', () => stream.write(5))
  },

  'what is written as text stays text with decodeStrings off': async (ws, stage) => {
    const { stream } = await streamed(ws, stage, { decodeStrings: false })
    stream.write('text')
    stream.write(Buffer.from('bytes'))
    await stage.track('server').until('message', 2)
  },

  'what is written before open is sent then': async (ws, stage) => {
    const { url } = await stage.server()
    const client = stage.make(url)
    const stream = ws.createWebSocketStream(client)
    const track = stage.track('stream')
    watch(track, stream)
    stream.write('one')
    stream.end('two')
    stream.resume()
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'end closes the connection': async (ws, stage) => {
    const { stream, track, client } = await streamed(ws, stage)
    stream.resume()
    stream.end('last')
    track.note('after', client.readyState, stream.writableEnded)
    await track.until('stream close')
    await stage.track('server').until('close')
    track.note('closed', client.readyState, stream.destroyed)
  },

  'end without reading waits for the reader': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage)
    server.send('unread')
    await until(() => stream.readableLength > 0)
    stream.end()
    await track.until('stream finish')
    await stage.track('server').until('close')
    await turns(3)
    track.note('waiting', stream.destroyed)
    watchData(track, stream)
    await track.until('stream close')
  },

  'the end of the other side is the end of the data': async (ws, stage) => {
    const { stream, track, server, client } = await streamed(ws, stage)
    watchData(track, stream)
    server.send('last')
    server.close(1000)
    await track.until('stream end')
    await turns(3)
    track.note('state', client.readyState, stream.destroyed, stream.writableEnded)
    stream.end()
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'a stream that does not allow half open': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage, { allowHalfOpen: false })
    stream.resume()
    server.close(1000)
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'destroy terminates the connection': async (ws, stage) => {
    const { stream, track, client } = await streamed(ws, stage)
    client.on('close', (code) => track.note('client close', code))
    stream.destroy()
    track.note('after', client.readyState, stream.destroyed)
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'destroy with an error': async (ws, stage) => {
    const { stream, track } = await streamed(ws, stage)
    stream.destroy(new Error('mine'))
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'destroy before open': async (ws, stage) => {
    const { url } = await stage.server()
    const stream = ws.createWebSocketStream(stage.make(url))
    const track = stage.track('stream')
    watch(track, stream)
    stream.destroy()
    await track.until('stream close')
  },

  'destroy after the end': async (ws, stage) => {
    const { stream, track, client } = await streamed(ws, stage)
    client.terminate()
    await once(client, 'close')
    await stage.track('server').until('close')
    stream.destroy()
    await track.until('stream close')
    stream.destroy()
    await turns(2)
  },

  'an error of the connection is the error of the stream': async (ws, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    const duplex = ws.createWebSocketStream(client)
    watch(track, duplex)
    duplex.resume()
    peer.say(frame({ opcode: 3 }))
    await peer.track.until('frame')
    peer.socket.end()
    await track.until('stream close')
    track.note(duplex.destroyed)
  },

  'a connect that fails is the error of the stream': async (ws, stage) => {
    const client = stage.make('ws://127.0.0.1:1')
    const stream = ws.createWebSocketStream(client)
    const track = stage.track('stream')
    watch(track, stream)
    stream.write('x', (error) => track.note('write', error))
    await track.until('stream close')
  },

  'a slow reader pauses the connection': async (ws, stage) => {
    const { stream, track, server, client } = await streamed(ws, stage, { readableHighWaterMark: 4 })
    server.send('12345')
    await until(() => client.isPaused)
    track.note('paused', stream.readableLength)
    server.send('67890')
    watchData(track, stream)
    await track.until('data', 2)
    track.note('going', client.isPaused)
  },

  'a close that arrives while the reader is slow': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage, { readableHighWaterMark: 4 })
    server.send('12345')
    server.send('67890')
    server.close(1000)
    await until(() => stream.readableLength > 0)
    watchData(track, stream)
    await track.until('stream end')
    stream.end()
    await track.until('stream close')
    await stage.track('server').until('close')
  },

  'an echo through a pipeline': async (ws, stage) => {
    const { url } = await stage.server({}, (socket, track) => {
      const duplex = ws.createWebSocketStream(socket)
      pipeline(duplex, duplex, (error) => track.note('pipeline', error))
    })
    const track = stage.track('stream')
    const stream = ws.createWebSocketStream(stage.make(url))
    watch(track, stream)
    watchData(track, stream)
    stream.write('one')
    await track.until('data')
    stream.end()
    await track.until('stream close')
    await stage.track('server').until('pipeline')
  },

  'an async iterator': async (ws, stage) => {
    const { stream, track, server } = await streamed(ws, stage, { readableObjectMode: true })
    server.send('one')
    server.send('two')
    server.close(1000)
    try {
      for await (const data of stream) track.note('data', data)
    } catch (error) {
      track.note('threw', error)
    }
    await stage.track('server').until('close')
  },

  'an error of the stream without a listener': async (ws, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    const duplex = ws.createWebSocketStream(client)
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    duplex.resume()
    peer.say(frame({ opcode: 3 }))
    const [error] = (await caught) as [Error]
    for (const listener of listeners) process.on('uncaughtException', listener)
    track.note('caught', error)
    peer.socket.end()
    await track.until('close')
  },

  'a stream of a server that ends with the code that arrived': async (ws, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    const duplex = ws.createWebSocketStream(client)
    watch(track, duplex)
    duplex.resume()
    peer.say(frame({ opcode: 8, key: '01020304', payload: hex('0fa0') }))
    await track.until('stream end')
    duplex.end()
    await track.until('stream close')
    await peer.left()
  },

  'cork and writev': async (ws, stage) => {
    const { stream } = await streamed(ws, stage)
    stream.cork()
    stream.write('one')
    stream.write('two')
    stream.uncork()
    await stage.track('server').until('message', 2)
  },
}
