// Refusing on a raw socket: the response in literal bytes, the end, and what a peer that goes on finds.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerPairs, refuse } from '../../../src/transport/node/index.ts'
import { RawPeer, socketPair } from '../../support/sockets.ts'

const REFUSAL = { status: 403, statusText: 'Forbidden', headers: [['Connection', 'close']] } as const

async function refused(...parameters: [response: Parameters<typeof refuse>[1]]) {
  const { near, far, server } = await socketPair()
  near.allowHalfOpen = true // it will not end because the other side does
  const peer = new RawPeer(near)
  assert.equal(refuse(far, ...parameters), true)
  server.close()
  return { peer, far }
}

test('a refusal says what it is, also in words, and ends', async () => {
  const { peer } = await refused(REFUSAL)
  assert.equal(
    await peer.all(),
    'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 14\r\n\r\n403 Forbidden\n',
  )
  peer.leave('end')
})

test('a refusal with a body of its own says nothing about it but its length', async () => {
  const { peer } = await refused({ ...REFUSAL, headers: [['X', 'y']], body: new Uint8Array([104, 105]) })
  assert.equal(await peer.all(), 'HTTP/1.1 403 Forbidden\r\nX: y\r\nContent-Length: 2\r\n\r\nhi')
  peer.leave('end')
})

test('T-18: what follows a refusal is thrown away, and the socket is cut when the peer does not end', async () => {
  const { peer, far } = await refused(REFUSAL)
  const start = performance.now()
  const talk = setInterval(() => peer.say('x'.repeat(1_000)), 5)
  peer.socket.on('error', () => clearInterval(talk))
  await new Promise((resolve) => far.once('close', resolve))
  clearInterval(talk)
  const elapsed = performance.now() - start
  assert.ok(elapsed >= 900 && elapsed < 5_000, `${elapsed} ms`)
  assert.match(peer.text, /^HTTP\/1\.1 403 /)
  peer.leave()
})

test('whoever read from the socket is told no more of it', async () => {
  const { near, far, server } = await socketPair()
  let heard = ''
  far.on('data', (bytes) => {
    heard += bytes
  })
  const peer = new RawPeer(near)
  peer.say('request')
  while (heard === '') await new Promise((resolve) => setTimeout(resolve, 1))
  refuse(far, REFUSAL)
  peer.say('more')
  await new Promise((resolve) => far.once('close', resolve))
  assert.equal(heard, 'request')
  assert.equal(far.bytesRead, 'request'.length + 'more'.length)
  server.close()
})

test('a socket is refused once, and one that is gone or ended already is left to go: it says whether', async () => {
  const { peer, far } = await refused(REFUSAL)
  assert.equal(refuse(far, { ...REFUSAL, status: 400 }), false)
  assert.equal((await peer.all()).match(/HTTP/g)?.length, 1)
  peer.leave('end')
  await new Promise((resolve) => far.once('close', resolve))
  const listeners = far.listenerCount('error')
  assert.equal(refuse(far, REFUSAL), false)
  assert.equal(far.listenerCount('error'), listeners)

  const ended = await socketPair()
  const endedPeer = new RawPeer(ended.near)
  ended.far.end('already')
  assert.equal(refuse(ended.far, REFUSAL), false)
  assert.equal(await endedPeer.all(), 'already')
  endedPeer.leave('end')
  ended.server.close()
})

test('T-23: a peer that resets instead of reading a refusal breaks nothing', async () => {
  const { peer, far } = await refused(REFUSAL)
  peer.leave('reset')
  await new Promise((resolve) => far.once('close', resolve))
})

test('raw headers are pairs, repeated ones apart', () => {
  assert.deepEqual(headerPairs(['A', '1', 'a', '2', 'B', '']), [
    ['A', '1'],
    ['a', '2'],
    ['B', ''],
  ])
  assert.deepEqual(headerPairs([]), [])
})
