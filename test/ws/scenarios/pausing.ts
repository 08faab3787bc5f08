// pause, resume, and what they mean in every state.

import { frame } from '../../support/wire.ts'
import { type Scenarios, turns, until } from './stage.ts'

export const pausing: Scenarios = {
  'pause and resume do nothing before open and after close': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url)
    track.attempt('pause', () => client.pause())
    track.note(client.isPaused)
    track.attempt('resume', () => client.resume())
    await track.until('open')
    track.note(client.isPaused)
    client.terminate()
    await track.until('close')
    track.attempt('pause after close', () => client.pause())
    track.note(client.isPaused)
    track.attempt('resume after close', () => client.resume())
    await stage.track('server').until('close')
  },

  'isPaused cannot be written': async (_, stage) => {
    const { client, clientTrack: track } = await stage.pair()
    for (const name of ['isPaused', 'readyState', 'url', 'protocol', 'extensions', 'bufferedAmount']) {
      track.attemptBriefly(name, () => {
        ;(client as unknown as Record<string, unknown>)[name] = 'written'
      })
      track.note(name, Reflect.get(client, name))
    }
  },

  'nothing arrives while paused': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.pause()
    pair.clientTrack.note('paused', pair.client.isPaused, pair.client.readyState)
    pair.server.send('waits')
    pair.server.ping('waits too')
    await new Promise((resolve) => setTimeout(resolve, 30))
    pair.clientTrack.note('still')
    pair.client.resume()
    pair.clientTrack.note('resumed', pair.client.isPaused)
    await pair.clientTrack.until('ping')
    await pair.serverTrack.until('pong')
  },

  'pause in a listener: messages of the same segment still arrive': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.once('message', () => client.pause())
    peer.say(frame({ opcode: 1, payload: 'a' }), frame({ opcode: 1, payload: 'b' }))
    await track.until('message')
    await new Promise((resolve) => setTimeout(resolve, 30))
    track.note(client.isPaused)
    peer.say(frame({ opcode: 1, payload: 'c' }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    track.note('before resume')
    client.resume()
    await track.until('message', 3)
  },

  'what came before the connection broke is told although paused, and cannot be answered': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.on('message', () => client.send('too late', track.callback('callback')))
    client.pause()
    peer.say(frame({ opcode: 9, payload: 'p' }), frame({ opcode: 1, payload: 'a' }))
    await new Promise((resolve) => setTimeout(resolve, 30))
    peer.socket.resetAndDestroy()
    await track.until('close')
    track.note(client.bufferedAmount)
  },

  'pings that are read one after the other in one turn': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.pause()
    for (const payload of ['1', '2']) {
      peer.say(frame({ opcode: 9, payload }))
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    client.resume()
    await track.until('ping', 2)
    client.send('behind them')
    await peer.track.when(() => peer.track.entries.some((entry) => JSON.stringify(entry).includes('behind')))
  },

  'pause twice and resume once': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.pause()
    pair.client.pause()
    pair.client.resume()
    pair.server.send('x')
    await pair.clientTrack.until('message')
    pair.clientTrack.note(pair.client.isPaused)
  },

  'a paused connection can send': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.pause()
    pair.client.send('out')
    await pair.serverTrack.until('message')
    pair.clientTrack.note(pair.client.isPaused)
  },

  'terminate while paused': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.pause()
    pair.client.terminate()
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
    pair.clientTrack.note(pair.client.isPaused)
  },

  'the peer goes away while paused': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.pause()
    peer.say(frame({ opcode: 1, payload: 'last' }))
    peer.socket.end()
    await new Promise((resolve) => setTimeout(resolve, 30))
    track.note('paused', client.readyState)
    client.resume()
    await track.until('close')
  },

  'pause in open': async (_, stage) => {
    const { url } = await stage.rawServer((peer) => {
      peer.socket.cork()
      peer.accept()
      peer.say(frame({ opcode: 1, payload: 'with the answer' }))
      peer.socket.uncork()
    })
    const { client, track } = stage.client('client', url)
    client.on('open', () => client.pause())
    await track.until('open')
    await turns(3)
    track.note('paused', client.isPaused)
    client.resume()
    await track.until('message')
  },

  'a listener of message may pause for a while': async (_, stage) => {
    const pair = await stage.pair()
    pair.client.on('message', () => {
      pair.client.pause()
      setTimeout(() => pair.client.resume(), 2)
    })
    for (let i = 0; i < 5; i++) {
      const count = pair.clientTrack.count('message')
      pair.server.send(`${i}`)
      await pair.clientTrack.until('message', count + 1)
    }
    await until(() => !pair.client.isPaused)
  },
}
