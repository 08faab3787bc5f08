// How programs in the wild use the package, past its documentation where they do.

import { once } from 'node:events'
import { createServer as createHttpServer, Server as HttpServer, type IncomingMessage } from 'node:http'
import { connect as dial, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { duplexPair } from '../../support/duplexes.ts'
import { frame, hex } from '../../support/wire.ts'
import type { Client } from './module.ts'
import { call, type Scenario, type Scenarios, turns, until } from './stage.ts'
import type { Track } from './transcript.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

function upgradeRequest(): object {
  return {
    method: 'GET',
    url: '/inject',
    httpVersion: '1.1',
    socket: {},
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': KEY,
    },
  }
}

/** Sends many small messages at once, and notes what became of them and of those that arrived. */
function burst(track: Track, socket: Client, count: number): () => boolean {
  let received = 0
  let called = 0
  const wrong: string[] = []
  socket.removeAllListeners('message')
  socket.on('message', (data, isBinary) => {
    if (String(data) !== `${received}` || isBinary !== (received % 2 === 1)) wrong.push(`message ${received}`)
    received++
  })
  for (let i = 0; i < count; i++) {
    socket.send(i % 2 === 1 ? Buffer.from(`${i}`) : `${i}`, (error) => {
      if (error || called !== i) wrong.push(`callback ${i}`)
      called++
      if (called === count) track.note('called', wrong.length, socket.bufferedAmount)
    })
  }
  return () => received === count && called === count
}

/** What `@fastify/websocket` does for tests: both ends of a connection over streams that are no sockets. */
const inject: Scenario = async (ws, stage) => {
  const server = stage.makeServer({ noServer: true })
  const sockets = stage.meet(server)
  const [near, far] = duplexPair()
  const client = Reflect.construct(ws.WebSocket, [null, undefined, { isServer: false }]) as Client
  const track = stage.track('client')
  stage.watch(track, client)
  const opened = once(client, 'open')
  const head = (chunk: Buffer) => {
    track.note('answer', chunk.toString().split('\r\n')[0])
    near.removeListener('data', head)
    Reflect.set(client, '_isServer', false)
    call(client, 'setSocket', near, Buffer.alloc(0), { maxPayload: 0 })
  }
  near.on('data', head)
  call(server, 'handleUpgrade', upgradeRequest(), far, Buffer.alloc(0), (socket: Client) => {
    server.emit('connection', socket, upgradeRequest() as IncomingMessage)
  })
  await opened
  track.note('open', client.readyState, client.bufferedAmount)
  client.send('from the client')
  await stage.track('server').until('message')
  sockets[0]!.send(Buffer.from('from the server'))
  await track.until('message')
  client.ping('p')
  await track.until('pong')
  sockets[0]!.close(1001, 'bye')
  await track.until('close')
  await stage.track('server').until('close')
}

/** Notes what a server hands to `listen`. */
async function listenedWith(stage: Parameters<Scenario>[1], options: object): Promise<void> {
  const track = stage.track('listen')
  const { listen } = HttpServer.prototype
  HttpServer.prototype.listen = function (this: HttpServer, ...values: unknown[]) {
    track.note(values)
    return Reflect.apply(listen, this, values) as HttpServer
  } as typeof listen
  try {
    const server = stage.makeServer(options)
    await once(server, 'listening')
  } finally {
    HttpServer.prototype.listen = listen
  }
}

export const programs: Scenarios = {
  'a connection over streams that are no sockets': inject,

  'handleUpgrade of a stream that is no socket, refused': async (_, stage) => {
    const server = stage.makeServer({ noServer: true, path: '/other' })
    const [near, far] = duplexPair()
    const track = stage.track('near')
    let text = ''
    near.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
    call(server, 'handleUpgrade', upgradeRequest(), far, Buffer.alloc(0), () => track.note('upgraded'))
    await once(near, 'end').catch(() => {})
    track.note(text)
  },

  'a heartbeat ends what does not answer': async (_, stage) => {
    const alive = new WeakSet<Client>()
    const { server, url } = await stage.server({}, (socket) => {
      alive.add(socket)
      socket.on('pong', () => alive.add(socket))
    })
    const good = stage.client('good', url)
    await good.track.until('open')
    const bad = stage.client('bad', url, { autoPong: false })
    await bad.track.until('open')
    await until(() => server.clients.size === 2)
    const beat = () => {
      for (const socket of server.clients) {
        if (!alive.has(socket)) socket.terminate()
        else {
          alive.delete(socket)
          socket.ping()
        }
      }
    }
    beat()
    await good.track.until('ping')
    await bad.track.until('ping')
    await stage.track('server').until('pong')
    beat()
    await bad.track.until('close')
    await stage.track('server 2').until('close')
    await good.track.until('ping', 2)
    await stage.track('server').until('pong', 2)
    stage.track('clients').note(server.clients.size)
  },

  'a broadcast to all clients but the sender': async (ws, stage) => {
    const { server, url } = await stage.server({}, (socket) => {
      socket.on('message', (data, isBinary) => {
        for (const other of server.clients) {
          if (other !== socket && other.readyState === ws.WebSocket.OPEN) other.send(data, { binary: isBinary })
        }
      })
    })
    const clients = []
    for (const name of ['one', 'two', 'three']) {
      const made = stage.client(name, url)
      clients.push(made)
      await made.track.until('open')
    }
    await until(() => server.clients.size === 3)
    clients[0]!.client.send('text')
    clients[0]!.client.send(Buffer.from('bytes'))
    await clients[1]!.track.until('message', 2)
    await clients[2]!.track.until('message', 2)
  },

  'a subclass hears of open on a server, before connection': async (ws, stage) => {
    const track = stage.track('order')
    class Mine extends ws.WebSocket {
      constructor(...args: ConstructorParameters<typeof ws.WebSocket>) {
        super(...args)
        track.note('constructor', args.length, args[0], args[1])
        this.on('open', () => track.note('open', this.readyState))
      }
    }
    const { server, port } = await stage.server({ WebSocket: Mine })
    server.on('headers', () => track.note('headers'))
    server.on('connection', () => track.note('connection'))
    await stage.rawPeer(port)
    await track.until('connection')
  },

  'a subclass may override the methods': async (ws, stage) => {
    class Json extends ws.WebSocket {
      override send(data: unknown): void {
        super.send(JSON.stringify(data))
      }
    }
    const pair = await stage.pair({ server: { WebSocket: Json } })
    call(pair.server, 'send', { a: 1 })
    await pair.clientTrack.until('message')
  },

  'a subclass of the server': async (ws, stage) => {
    const track = stage.track('subclass')
    class Mine extends ws.WebSocketServer {
      override shouldHandle(request: IncomingMessage): boolean {
        track.note('shouldHandle', request.url)
        return super.shouldHandle(request) as boolean
      }
      override handleUpgrade(...args: Parameters<InstanceType<typeof ws.WebSocketServer>['handleUpgrade']>): void {
        track.note('handleUpgrade', args.length)
        super.handleUpgrade(...args)
      }
    }
    const server = new Mine({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.on('connection', () => track.note('connection'))
    await stage.rawPeer(port, { path: '/mine' })
    await track.until('connection')
    for (const client of server.clients) client.terminate()
    server.close()
    await once(server, 'close')
  },

  'WebSocket.Server is the server': async (ws, stage) => {
    const { Server } = ws.default as unknown as { Server: typeof ws.WebSocketServer }
    const server = new Server({ noServer: true })
    stage.track('server').note(server instanceof ws.WebSocketServer, server.constructor.name)
  },

  'backlog and host are handed to listen': async (_, stage) => {
    await listenedWith(stage, { port: 0, host: '127.0.0.1', backlog: 7 })
    await listenedWith(stage, { port: 0 })
  },

  'a port given as text': async (_, stage) => {
    const server = stage.makeServer({ port: '0', host: '127.0.0.1' })
    await once(server, 'listening')
    stage.track('server').note(typeof (server.address() as { port: number }).port)
  },

  'the socket is told not to wait and not to time out': async (_, stage) => {
    const { url, port } = await stage.rawServer()
    const track = stage.track('socket')
    const { client, track: clientTrack } = stage.client('client', url, {
      createConnection() {
        const socket = dial({ host: '127.0.0.1', port })
        process.nextTick(() =>
          client.on('upgrade', () => {
            socket.setNoDelay = (...values) => {
              track.note('setNoDelay', ...values)
              return socket
            }
            socket.setTimeout = (...values) => {
              track.note('setTimeout', values[0])
              return socket
            }
          }),
        )
        return socket
      },
      finishRequest: (request: { end(): void }) => setTimeout(() => request.end(), 1),
    })
    await clientTrack.until('open')
  },

  'listeners that the module keeps on its own objects': async (_, stage) => {
    for (const clientTracking of [true, false]) {
      const { server, port } = await stage.server({ clientTracking })
      const track = stage.track(`tracking ${clientTracking}`)
      server.removeAllListeners('connection')
      server.on('connection', (socket) => {
        track.note(['open', 'message', 'error', 'close', 'ping', 'pong'].map((name) => socket.listenerCount(name)))
        stage.watch(stage.track('ignored'), socket)
      })
      await stage.rawPeer(port, { name: `raw ${clientTracking}` })
      await until(() => track.entries.length === 1)
    }
  },

  'an error without a listener is an uncaught exception, and close follows': async (_, stage) => {
    const { client, track, peer } = await stage.clientOfRaw()
    client.removeAllListeners('error')
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    const caught = once(process, 'uncaughtException')
    peer.say(frame({ opcode: 3 }))
    const [error] = (await caught) as [Error]
    for (const listener of listeners) process.on('uncaughtException', listener)
    track.note('caught', error)
    await peer.track.until('frame')
    peer.socket.end()
    await track.until('close')
  },

  'a server that closes with clients connected': async (_, stage) => {
    const pair = await stage.pair()
    pair.listener.on('close', () => pair.serverTrack.note('server close'))
    pair.listener.close()
    for (const socket of pair.listener.clients) socket.terminate()
    await pair.serverTrack.until('server close')
    await pair.clientTrack.until('close')
  },

  'close of a server that uses a server of yours waits for the clients': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ server: http })
    const sockets = stage.meet(server)
    const { client, track } = stage.client('client', `ws://127.0.0.1:${port}`)
    await track.until('open')
    await until(() => sockets.length === 1)
    const events = stage.track('wss')
    server.on('close', () => events.note('close'))
    server.close((...values) => events.note('callback', ...values))
    await turns(2)
    events.note('waiting', server.clients.size, http.listening)
    client.close()
    await events.until('callback')
    await track.until('close')
  },

  'close before listening': async (_, stage) => {
    const track = stage.track('server')
    const server = stage.makeServer({ port: 0 })
    server.on('listening', () => track.note('listening'))
    server.on('close', () => track.note('close'))
    server.close((...values) => track.note('callback', ...values))
    await track.until('callback')
    await turns(3)
  },

  'close without a callback, and the promise that is not': async (_, stage) => {
    const track = stage.track('server')
    const server = stage.makeServer({ noServer: true })
    track.attempt('close', () => server.close())
    track.attempt('close of something else', () => call(stage.makeServer({ noServer: true }), 'close', 5))
    await turns(2)
  },

  'a request without Connection: Upgrade is a plain request': async (_, stage) => {
    const { port } = await stage.server()
    await (await stage.rawClient(port, { headers: { Connection: 'close' } })).left()
  },

  'request targets of all kinds': async (_, stage) => {
    const { server, port } = await stage.server({ path: '/chat' })
    const track = stage.track('handled')
    server.on('connection', (_socket, request) => track.note(request.url))
    for (const path of ['//chat', 'http://example.test/chat', '/chat;a', '/chat??', '/%63hat', '/chat?']) {
      const peer = await stage.rawPeer(port, { name: `raw ${path}`, path })
      if (!peer.letIn) await peer.left()
    }
  },

  'request targets that RFC 6455 does not know': async (_, stage) => {
    const { port } = await stage.server({ path: '/chat' })
    for (const path of ['/chat#x', '*']) await (await stage.rawClient(port, { name: `raw ${path}`, path })).left()
  },

  'writes that the end of the connection overtakes': async (_, stage) => {
    const { client, track, peer } = await stage.serverOfRaw()
    peer.socket.pause()
    const calls: unknown[] = []
    for (let i = 0; i < 40; i++) client.send(Buffer.alloc(1 << 20), (error?: Error) => calls.push(error))
    client.terminate()
    await track.until('close')
    await until(() => calls.length === 40)
    const errors = calls.filter((error) => error instanceof Error)
    track.note('some failed', errors.length > 0, 'amount', client.bufferedAmount > 0)
  },

  'close waits behind what is to be sent': async (_, stage) => {
    const pair = await stage.pair()
    for (let i = 0; i < 8; i++) pair.server.send(Buffer.alloc(1 << 20))
    pair.server.close(1000, 'after all of it')
    await pair.clientTrack.until('close')
    await pair.serverTrack.until('close')
  },

  'too many chunks of one message': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw({ maxBufferedChunks: 2 })
    peer.socket.setNoDelay(true)
    for (const bytes of ['818a', '00000000', '6161', '6161', '6161', '6161', '6161']) {
      if (peer.gone) break
      peer.say(hex(bytes))
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    await Promise.race([track.until('close'), track.until('message')])
  },

  'an upgrade that is handled by somebody else first': async (_, stage) => {
    const { http, port } = await stage.http()
    const track = stage.track('http')
    stage.makeServer({ server: http, path: '/ws' }).on('connection', () => track.note('connection'))
    http.prependListener('upgrade', (request: IncomingMessage, socket: Duplex) => {
      track.note('first', request.url)
      if (request.url === '/mine') socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    })
    await (await stage.rawClient(port, { path: '/mine' })).left()
    track.note('connections', track.count('connection'))
  },

  'the request of a connection': async (_, stage) => {
    const { server, port } = await stage.server()
    const track = stage.track('request')
    server.on('connection', (socket, request) => {
      track.note(request.constructor.name, request.method, request.url, request.httpVersion, request.headers)
      track.note(request.socket === (socket as unknown as { _socket: Socket })._socket)
    })
    await stage.rawPeer(port, { path: '/a?b=c', headers: { Cookie: 'x=y', 'X-Forwarded-For': '192.0.2.1' } })
    await until(() => track.entries.length === 2)
  },

  'a server that is given an HTTP server already listening': async (_, stage) => {
    const http = stage.keep(createHttpServer())
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const track = stage.track('wss')
    const server = stage.makeServer({ server: http })
    server.on('listening', () => track.note('listening'))
    stage.meet(server)
    track.note(typeof (server.address() as { port: number }).port)
    const { client, track: clientTrack } = stage.client(
      'client',
      `ws://127.0.0.1:${(server.address() as { port: number }).port}`,
    )
    await clientTrack.until('open')
    client.close()
    await clientTrack.until('close')
    await stage.track('server').until('close')
  },

  ...Object.fromEntries(
    [false, true].map((perMessageDeflate) => [
      `many small messages at once from both ends, ${perMessageDeflate ? 'compressed' : 'plain'}`,
      async (_, stage) => {
        const pair = await stage.pair({ server: { perMessageDeflate } })
        const isServerDone = burst(pair.serverTrack, pair.server, 300)
        const isClientDone = burst(pair.clientTrack, pair.client, 300)
        await until(() => isServerDone() && isClientDone())
        pair.client.close(1000)
        await pair.clientTrack.until('close')
        await pair.serverTrack.until('close')
      },
    ]),
  ),

  'many connections, ended in every way': async (_, stage) => {
    const server = stage.makeServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const counts: Record<string, number> = {}
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    server.on('connection', (socket) => {
      socket.on('message', (data) => socket.send(data))
      socket.on('close', (code) => count(`server ${code}`))
    })
    let left = 60
    for (let i = 0; i < 60; i++) {
      const client = stage.make(`ws://127.0.0.1:${port}`)
      client.on('open', () => client.send(`${i}`))
      client.on('message', () => {
        if (i % 3 === 0) client.terminate()
        else client.close(i % 3 === 1 ? 1000 : 3000)
      })
      client.on('close', (code) => {
        count(`client ${code}`)
        left--
      })
    }
    await until(() => left === 0 && server.clients.size === 0)
    stage.track('counts').note(Object.entries(counts).sort())
  },

  'a reader that pauses again and again': async (_, stage) => {
    const { server, sockets, url } = await stage.server()
    const { client, track } = stage.client('client', url)
    await until(() => sockets.length === 1)
    let received = 0
    client.removeAllListeners('message')
    client.on('message', (data) => {
      if ((data as Buffer).readUInt32BE(0) !== received) track.note('out of order', received)
      received++
      if (received % 50 > 0) return
      client.pause()
      track.note('paused', client.isPaused, received)
      setTimeout(() => client.resume(), 2)
    })
    let called = 0
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.alloc(20_000)
      bytes.writeUInt32BE(i)
      sockets[0]!.send(bytes, () => called++)
    }
    sockets[0]!.close(1000, 'all of it')
    await track.until('close')
    await until(() => server.clients.size === 0)
    track.note(received, called)
  },
}
