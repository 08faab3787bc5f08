// How connections end: codes, reasons, who is told what and when, and the methods in every state.

import { frame, hex } from '../../support/wire.ts'
import { internals } from './module.ts'
import { call, type Pair, type Scenarios, until } from './stage.ts'

async function bothClosed({ clientTrack, serverTrack }: Pair): Promise<void> {
  await clientTrack.until('close')
  await serverTrack.until('close')
}

export const closing: Scenarios = {
  'close without a code': async (_, stage) => {
    const pair = await stage.pair()
    pair.clientTrack.attempt('close', () => pair.client.close())
    pair.clientTrack.note('after', pair.client.readyState)
    await bothClosed(pair)
  },

  'close with a code and without a reason': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.close(4000)
    await bothClosed(pair)
  },

  'close with a reason as text and as bytes': async (_, stage) => {
    for (const [name, reason] of [
      ['text', 'grüß dich'],
      ['buffer', Buffer.from('bytes')],
      ['array', Uint8Array.of(0x61, 0x62)],
      ['empty', ''],
    ] as const) {
      const { url, sockets } = await stage.server({}, undefined, `server ${name}`)
      const { client, track } = stage.client(`client ${name}`, url)
      await track.until('open')
      await until(() => sockets.length === 1)
      call(client, 'close', 1001, reason)
      await track.until('close')
      await stage.track(`server ${name}`).until('close')
    }
  },

  'the server closes': async (_, stage) => {
    const pair = await stage.pair()
    pair.server.close(1012, 'restart')
    pair.serverTrack.note('after', pair.server.readyState)
    await bothClosed(pair)
  },

  'both close at once with codes of their own': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.close(3001, 'client')
    pair.server.close(3002, 'server')
    await bothClosed(pair)
  },

  'close twice': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.close(3001, 'first')
    pair.clientTrack.attempt('again', () => pair.client.close(3002, 'second'))
    pair.clientTrack.attempt('again with nonsense', () => pair.client.close(1, 'x'.repeat(500)))
    await bothClosed(pair)
    pair.clientTrack.attempt('after the end', () => pair.client.close(3003))
    pair.clientTrack.note('state', pair.client.readyState)
  },

  'the codes that close takes and refuses': async (_, stage) => {
    const pair = await stage.pair()
    const { clientTrack: track, client } = pair
    const bad = [
      0,
      1,
      999,
      1004,
      1005,
      1006,
      1015,
      1016,
      1100,
      2000,
      2999,
      5000,
      -1,
      Number.NaN,
      null,
      '1000',
      '',
      {},
      true,
    ]
    for (const code of bad) {
      track.attempt(`close ${JSON.stringify(code)}`, () => call(client, 'close', code))
      if (client.readyState !== 1) {
        track.note('it was taken', code)
        break
      }
    }
    track.note('state', client.readyState)
    client.terminate()
    await bothClosed(pair)
  },

  'each code that may be sent arrives': async (_, stage) => {
    const { server, url } = await stage.server()
    server.on('connection', (socket) => socket.on('close', (code) => stage.track('codes').note('server', code)))
    for (const code of [
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ]) {
      const { client, track } = stage.client(`client ${code}`, url)
      await track.until('open')
      client.close(code)
      await track.until('close')
      await stage.track('codes').when(() => JSON.stringify(stage.track('codes').entries).includes(`${code}]`))
    }
  },

  'the reasons that close takes and refuses': async (_, stage) => {
    const pair = await stage.pair()
    const { clientTrack: track, client } = pair
    for (const reason of [
      'x'.repeat(124),
      'ä'.repeat(62),
      Buffer.alloc(124),
      { length: 3 },
      [1, 2],
      5,
      true,
      null,
      new Uint16Array(3),
    ]) {
      track.attempt('close', () => call(client, 'close', 1000, reason))
      if (client.readyState !== 1) break
    }
    track.note('state', client.readyState)
    await bothClosed(pair)
  },

  'a reason of 123 bytes is sent whole': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.close(1000, `${'x'.repeat(121)}ä`)
    await bothClosed(pair)
  },

  'a reason without a code': async (_, stage) => {
    const pair = await stage.pair()
    call(pair.client, 'close', undefined, 'why')
    await bothClosed(pair)
  },

  'what a raw server sees of close, and its echo': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000, 'bye')
    await peer.track.until('frame')
    peer.say(frame({ opcode: 8, payload: hex('03e8') }))
    await peer.left()
    await track.until('close')
  },

  'a client waits for the server to end the connection after both have closed': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000, 'bye')
    await peer.track.until('frame')
    peer.say(frame({ opcode: 8, payload: hex('0bb8 6f6b') }))
    peer.socket.end()
    await track.until('close')
    await peer.left()
    track.note('state', client.readyState)
  },

  'a server that gets a close answers it and ends the connection': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(frame({ opcode: 8, key: '01020304', payload: hex('0fa1 687921') }))
    await peer.left()
    await track.until('close')
  },

  'a server that gets a close without a code answers without one': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(frame({ opcode: 8, key: '01020304' }))
    await peer.left()
    await track.until('close')
  },

  'a client that gets a close echoes code and reason': async (_, stage) => {
    const { track, peer } = await stage.clientOfRaw()
    peer.say(frame({ opcode: 8, payload: hex('0fa1 687921') }))
    await peer.left()
    await track.until('close')
  },

  'frames after a close are not read': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw()
    peer.say(
      frame({ opcode: 8, key: '01020304', payload: hex('03e8') }),
      frame({ opcode: 1, key: '01020304', payload: 'late' }),
      frame({ opcode: 3, key: '01020304' }),
    )
    await peer.left()
    await track.until('close')
  },

  'messages that arrive after close was called are delivered': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000)
    await peer.track.until('frame')
    peer.say(
      frame({ opcode: 1, payload: 'late' }),
      frame({ opcode: 9, payload: 'ping' }),
      frame({ opcode: 8, payload: hex('03e8') }),
    )
    await track.until('close')
    await peer.left()
  },

  'the peer ends after our close without its own': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000, 'mine')
    await peer.track.until('frame')
    peer.socket.end()
    await track.until('close')
    await peer.left()
  },

  'closeTimeout ends a connection whose peer does not answer': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw({ closeTimeout: 40 })
    client.close(1000, 'mine')
    await track.until('close')
    await peer.left()
    track.note('state', client.readyState)
  },

  'a close after a silence that is longer than closeTimeout': async (_, stage) => {
    const pair = await stage.pair({ client: { closeTimeout: 300 } })
    await new Promise((resolve) => setTimeout(resolve, 350))
    pair.client.close(1000, 'after a while')
    await bothClosed(pair)
  },

  'closeTimeout of a server': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw({ closeTimeout: 40 })
    client.close(1000, 'mine')
    await track.until('close')
    await peer.left()
  },

  'terminate tells the peer nothing': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    track.attempt('terminate', () => client.terminate())
    track.note('after', client.readyState)
    await track.until('close')
    await peer.left()
    track.attempt('again', () => client.terminate())
    track.note('state', client.readyState)
  },

  'terminate of a connection that is closing': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.close(1000)
    track.attempt('terminate', () => client.terminate())
    await track.until('close')
    await peer.left()
  },

  'terminate while a close frame waits to be read': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.terminate()
    pair.server.close(1000, 'too late')
    await bothClosed(pair)
  },

  'the event close comes once, and after it nothing': async (_, stage) => {
    const pair = await stage.pair()
    pair.server.send('one')
    pair.server.close(1000)
    pair.server.terminate()
    await bothClosed(pair)
    pair.clientTrack.note('listeners stay', pair.client.listenerCount('message') > 0)
    pair.clientTrack.note('the socket is gone', internals(pair.client)._socket?.destroyed)
  },

  'closing from the listener of close changes nothing': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.on('close', () => {
      pair.clientTrack.attempt('close', () => pair.client.close())
      pair.clientTrack.attempt('terminate', () => pair.client.terminate())
      pair.clientTrack.attempt('pause', () => pair.client.pause())
      pair.clientTrack.attempt('resume', () => pair.client.resume())
      pair.clientTrack.note('state', pair.client.readyState, pair.client.isPaused)
    })
    pair.client.close()
    await bothClosed(pair)
  },

  'a received close while paused is seen after resume': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.pause()
    peer.say(frame({ opcode: 1, payload: 'm' }), frame({ opcode: 8, payload: hex('03e8') }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    track.note('paused', client.readyState)
    client.resume()
    await track.until('close')
    await peer.left()
  },

  'a close while paused waits for its answer until resume': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.pause()
    pair.client.close(1000)
    await until(() => pair.server.readyState !== 1)
    await new Promise((resolve) => setTimeout(resolve, 30))
    pair.clientTrack.note('paused', pair.client.readyState, pair.client.isPaused)
    pair.client.resume()
    await bothClosed(pair)
    pair.clientTrack.note('closed', pair.client.isPaused)
  },
}
