// The server: its constructor, options, events and methods.

import { once } from 'node:events'
import { createServer, request as get, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from './module.ts'
import { call, type Scenarios, turns, until } from './stage.ts'

export const serverOptions: Scenarios = {
  'the constructor wants one of port, server and noServer': async (_, stage) => {
    const track = stage.track('constructor')
    const { http } = await stage.http()
    for (const [name, args] of [
      ['nothing', []],
      ['empty', [{}]],
      ['null', [null]],
      ['port and server', [{ port: 0, server: http }]],
      ['port and noServer', [{ port: 0, noServer: true }]],
      ['server and noServer', [{ server: http, noServer: true }]],
      ['noServer false', [{ noServer: false }]],
      ['port null', [{ port: null }]],
      ['port null, noServer', [{ port: null, noServer: true }]],
      ['port that is none', [{ port: 70_000 }]],
      ['a number', [8080]],
    ] as [string, unknown[]][]) {
      track.attempt(name, () => {
        stage.makeServer(...args)
        return 'made'
      })
    }
  },

  'the options of a server with their defaults': async (_, stage) => {
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('options')
    for (const [name, value] of Object.entries(server.options).sort(([a], [b]) => (a < b ? -1 : 1))) {
      track.note(name, name === 'WebSocket' ? typeof value : value)
    }
    track.note(Object.keys(stage.makeServer({ noServer: true, perMessageDeflate: true, strange: 1 }).options).sort())
    track.note(stage.makeServer({ noServer: true, perMessageDeflate: true }).options.perMessageDeflate)
  },

  'the properties of a server': async (_, stage) => {
    const track = stage.track('server')
    const tracked = stage.makeServer({ noServer: true })
    const untracked = stage.makeServer({ noServer: true, clientTracking: false })
    track.note(tracked.clients, 'clients' in tracked, untracked.clients, 'clients' in untracked, 'path' in tracked)
    track.note(Object.keys(tracked).filter((name) => !name.startsWith('_')))
  },

  'the life of a server': async (_, stage) => {
    const track = stage.track('life')
    const server = stage.makeServer({ port: 0, host: '127.0.0.1' }, () => track.note('callback'))
    for (const event of ['listening', 'close', 'error', 'connection', 'headers']) {
      server.on(event, (...values: unknown[]) => track.note(event, ...values))
    }
    track.note('address at once', server.address())
    await track.until('listening')
    const { address, family, port } = server.address() as AddressInfo
    track.note('address', address, family, typeof port, Object.keys(server.address() as AddressInfo))
    const { client, track: clientTrack } = stage.client('client', `ws://127.0.0.1:${port}`)
    await track.until('connection')
    await clientTrack.until('open')
    track.note('clients', server.clients.size)
    client.close()
    await clientTrack.until('close')
    await until(() => server.clients.size === 0)
    server.close((error) => track.note('close callback', error))
    track.note('address while closing', (() => server.address())())
    await track.until('close')
    track.note('address after close', server.address())
  },

  'the callback of the constructor comes before the event listening': async (_, stage) => {
    const track = stage.track('server')
    const server = stage.makeServer({ port: 0 }, () => track.note('callback'))
    server.on('listening', () => track.note('event'))
    await track.until('event')
  },

  'the callback of the constructor is not called with server or noServer': async (_, stage) => {
    const track = stage.track('server')
    stage.makeServer({ noServer: true }, () => track.note('noServer callback'))
    const http = stage.keep(createServer())
    const server = stage.makeServer({ server: http }, () => track.note('server callback'))
    server.on('listening', () => track.note('listening'))
    http.listen(0)
    await track.until('listening')
    await turns(2)
  },

  'a port that is taken is an error event': async (_, stage) => {
    const { port } = await stage.server()
    const track = stage.track('second')
    const second = stage.makeServer({ port, host: '127.0.0.1' })
    second.on('error', (error) => {
      const { code, syscall } = error as NodeJS.ErrnoException
      track.note('error', error.name, code, syscall)
    })
    await track.until('error')
  },

  'errors of a server of yours are events of the WebSocketServer': async (_, stage) => {
    const http = stage.keep(createServer())
    const track = stage.track('server')
    stage.makeServer({ server: http }).on('error', (error) => track.note('error', error))
    http.emit('error', new Error('mine'))
    await track.until('error')
  },

  'address in noServer mode throws, and before listening is null': async (_, stage) => {
    const track = stage.track('server')
    track.attempt('noServer', () => stage.makeServer({ noServer: true }).address())
    const http = stage.keep(createServer())
    track.attempt('not listening', () => stage.makeServer({ server: http }).address())
  },

  'address of a server on a socket file': async (_, stage) => {
    const path = join(tmpdir(), `same-as-ws-${process.pid}-${Date.now()}.sock`)
    const http = stage.keep(createServer())
    const server = stage.makeServer({ server: http })
    stage.meet(server)
    http.listen(path)
    await once(http, 'listening')
    const track = stage.track('address')
    track.note(server.address() === path)
    const { client, track: clientTrack } = stage.client('client', `ws+unix:${path}:/some/where?query=1`)
    track.note(client.url.replace(path, 'PATH'))
    server.on('connection', (_socket, request) => track.note(request.url, request.headers.host))
    await clientTrack.until('open')
    await until(() => server.clients.size === 1)
    client.close(1000)
    await clientTrack.until('close')
    await stage.track('server').until('close')
    const { track: plainTrack } = stage.client('client without path', `ws+unix:${path}`)
    await plainTrack.until('open')
    await until(() => server.clients.size === 1)
  },

  'close twice, and close of a closed server': async (_, stage) => {
    const { server } = await stage.server()
    const track = stage.track('server')
    server.on('close', () => track.note('close'))
    server.close((...values) => track.note('first', ...values))
    server.close((...values) => track.note('second', ...values))
    await track.until('second')
    server.close((...values) => track.note('third', ...values))
    track.note('after the third call')
    await track.until('third')
    server.close()
    await track.until('close', 3)
  },

  'close in noServer mode waits for the clients': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('wss')
    const sockets: Client[] = []
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      server.handleUpgrade(request, socket, head, (client, same) => {
        track.note('upgraded', client.readyState, same === request, server.clients.has(client))
        sockets.push(client)
      })
    })
    const { client, track: clientTrack } = stage.client('client', `ws://127.0.0.1:${port}`)
    await clientTrack.until('open')
    await until(() => sockets.length === 1)
    server.on('close', () => track.note('close', server.clients.size))
    server.close((...values) => track.note('callback', ...values))
    await turns(3)
    track.note('waiting', server.clients.size)
    client.close(1000)
    await clientTrack.until('close')
    await track.until('callback')
  },

  'close without clients is announced in the next tick': async (_, stage) => {
    const track = stage.track('server')
    for (const options of [{ noServer: true }, { noServer: true, clientTracking: false }]) {
      const server = stage.makeServer(options)
      server.on('close', () => track.note('close'))
      server.close((...values) => track.note('callback', ...values))
      track.note('returned')
      process.nextTick(() => track.note('tick'))
      await turns()
    }
  },

  'a closing server refuses with 503': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      server.handleUpgrade(request, socket, head, () => stage.track('wss').note('upgraded'))
    })
    server.close()
    const peer = await stage.rawClient(port)
    await peer.left()
  },

  'closing does not close the connections of a server with a port': async (_, stage) => {
    const pair = await stage.pair()
    pair.listener.close((...values) => pair.serverTrack.note('closed callback', ...values))
    await turns(3)
    pair.serverTrack.note('still', pair.server.readyState, pair.listener.clients.size)
    pair.server.send('still here')
    await pair.clientTrack.until('message')
    pair.client.close(1000)
    await pair.serverTrack.until('closed callback')
    await pair.clientTrack.until('close')
  },

  'a server of yours is left listening and without listeners': async (_, stage) => {
    const { http, port } = await stage.http()
    const before = ['listening', 'error', 'upgrade'].map((name) => http.listenerCount(name))
    const server = stage.makeServer({ server: http })
    const track = stage.track('server')
    track.note(['listening', 'error', 'upgrade'].map((name, i) => http.listenerCount(name) - before[i]!))
    server.close()
    await once(server, 'close')
    track.note(['listening', 'error', 'upgrade'].map((name, i) => http.listenerCount(name) - before[i]!))
    track.note(http.listening, typeof port)
  },

  'a plain HTTP request to a server with a port gets 426': async (_, stage) => {
    const { port } = await stage.server()
    const peer = await stage.rawClient(port, {
      headers: { Upgrade: undefined, Connection: 'close', 'Sec-WebSocket-Key': undefined },
    })
    await peer.left()
  },

  'path: the query does not count': async (_, stage) => {
    const { port } = await stage.server({ path: '/chat' })
    for (const [index, path] of ['/chat', '/chat?a=b', '/chat/', '/', '/Chat', '/chat%20'].entries()) {
      const peer = await stage.rawPeer(port, { name: `client ${index} ${path}`, path })
      if (index > 1) await peer.left()
    }
  },

  'shouldHandle can be replaced and called': async (_, stage) => {
    const track = stage.track('server')
    const server = stage.makeServer({ noServer: true, path: '/a' })
    for (const url of ['/a', '/a?b', '/ab', '/']) track.note(url, call(server, 'shouldHandle', { url }))
    const open = await stage.server()
    open.server.shouldHandle = (request) => {
      track.note('asked', request.url)
      return request.url === '/yes'
    }
    const yes = await stage.rawPeer(open.port, { path: '/yes', name: 'yes' })
    yes.socket.destroy()
    const no = await stage.rawClient(open.port, { path: '/no', name: 'no' })
    await no.left()
  },

  'clientTracking off': async (_, stage) => {
    const pair = await stage.pair({ server: { clientTracking: false } })
    pair.serverTrack.note('clients', pair.listener.clients)
    pair.client.close()
    await pair.serverTrack.until('close')
    await pair.clientTrack.until('close')
  },

  'clients holds who is connected, from before connection until close': async (_, stage) => {
    const { server, url } = await stage.server()
    const track = stage.track('clients')
    server.on('headers', () => track.note('headers', server.clients.size))
    server.on('connection', (socket) => {
      track.note('connection', server.clients.size, server.clients.has(socket))
      socket.on('close', () => track.note('close', server.clients.has(socket)))
    })
    const { client, track: clientTrack } = stage.client('client', url)
    await clientTrack.until('open')
    await track.until('connection')
    client.terminate()
    await track.until('close')
  },

  'the order of headers, upgrade and connection': async (_, stage) => {
    const { server, url } = await stage.server({
      verifyClient: () => {
        stage.track('order').note('verifyClient')
        return true
      },
      handleProtocols: () => {
        stage.track('order').note('handleProtocols')
        return 'b'
      },
    })
    const track = stage.track('order')
    server.on('headers', (headers, request) => {
      track.note(
        'headers',
        headers.map((line) => line.replace(/Accept: .*/, 'Accept: ACCEPT')),
        request.constructor.name,
        request.url,
      )
      headers.push('X-More: 1')
    })
    server.on('connection', (socket, request) => {
      track.note('connection', socket.readyState, socket.protocol, socket.extensions, socket.url, request.url)
    })
    const { client, track: clientTrack } = stage.client('client', `${url}/x`, ['a', 'b'])
    client.on('upgrade', (response) => clientTrack.note('x-more', response.headers['x-more']))
    await clientTrack.until('open')
    clientTrack.note(client.protocol)
    await track.until('connection')
  },

  'the class WebSocket is an option': async (ws, stage) => {
    class Mine extends ws.WebSocket {
      foo(): string {
        return 'foo'
      }
    }
    const pair = await stage.pair({ server: { WebSocket: Mine } })
    pair.serverTrack.note('class', pair.server instanceof Mine, (pair.server as Mine).foo())
  },

  'several servers on one HTTP server': async (_, stage) => {
    const { http, port } = await stage.http()
    const first = stage.makeServer({ noServer: true })
    const second = stage.makeServer({ noServer: true })
    stage.meet(first, undefined, 'first')
    stage.meet(second, undefined, 'second')
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      const target = request.url === '/first' ? first : request.url === '/second' ? second : undefined
      if (target === undefined) socket.destroy()
      else target.handleUpgrade(request, socket, head, (client) => target.emit('connection', client, request))
    })
    for (const path of ['first', 'second', 'third']) {
      const { client, track } = stage.client(`client ${path}`, `ws://127.0.0.1:${port}/${path}`)
      if (path === 'third') await track.until('close')
      else {
        await track.until('open')
        client.close()
        await track.until('close')
        await stage.track(path).until('close')
      }
    }
  },

  'two servers with the option server both answer': async (_, stage) => {
    const { http, port } = await stage.http()
    const track = stage.track('order')
    for (const path of ['/a', '/b']) {
      stage.makeServer({ server: http, path }).on('connection', () => track.note('connection', path))
    }
    const peer = await stage.rawClient(port, { path: '/b' })
    await peer.left()
    track.note('connections', track.count('connection'))
  },

  'handleUpgrade twice with one socket throws': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('server')
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      track.attempt('first', () => server.handleUpgrade(request, socket, head, () => track.note('upgraded')))
      track.attempt('second', () => server.handleUpgrade(request, socket, head, () => track.note('upgraded again')))
    })
    await stage.rawPeer(port)
    await track.until('second()')
  },

  'handleUpgrade of a socket that is already gone': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('server')
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      socket.end()
      track.attempt('upgrade', () => server.handleUpgrade(request, socket, head, () => track.note('upgraded')))
      track.note(socket.destroyed)
    })
    const peer = await stage.rawClient(port)
    await peer.left()
  },

  'the upgrade is complete when handleUpgrade returns': async (_, stage) => {
    const { http, port } = await stage.http()
    const server = stage.makeServer({ noServer: true })
    const track = stage.track('server')
    http.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
      server.handleUpgrade(request, socket, head, (client) => {
        track.note('callback', client.readyState)
        client.send('from the callback')
      })
      track.note('returned')
    })
    const peer = await stage.rawPeer(port)
    await peer.track.until('frame')
  },

  'frames behind the request are read': async (_, stage) => {
    const { track, peer } = await stage.serverOfRaw(
      {},
      { behindHead: Buffer.from('8183000000006162638880 00000000'.replace(' ', ''), 'hex') },
    )
    await track.until('close')
    await peer.left()
  },

  'an HTTP request beside a WebSocketServer is the business of the HTTP server': async (_, stage) => {
    const { http, port } = await stage.http((_request, response) => response.end('mine'))
    stage.makeServer({ server: http })
    const track = stage.track('http')
    const request = get({ port, host: '127.0.0.1' }, (response) => {
      response.setEncoding('utf8').on('data', (text) => track.note('data', response.statusCode, text))
    })
    request.end()
    await track.until('data')
  },

  'the remote address is on the socket of the request': async (_, stage) => {
    const { server, url } = await stage.server()
    const track = stage.track('server')
    server.on('connection', (_socket, request) => track.note('remote', request.socket.remoteAddress))
    stage.client('client', url)
    await track.until('remote')
  },
}
