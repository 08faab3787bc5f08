// Addresses and arguments of the constructor: what is taken, and what is refused with which error.

import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { certificate, key } from '../../support/certificate.ts'
import type { Client } from './module.ts'
import { type Scenarios, until } from './stage.ts'

const ADDRESSES: readonly unknown[] = [
  '',
  'nothing',
  '/relative',
  'ws://',
  'ws:',
  'ftp://example.test',
  'mailto:a@example.test',
  'file:///x',
  'ws://127.0.0.1/#',
  'ws://127.0.0.1/#fragment',
  'wss://127.0.0.1/a?b#c',
  'http://127.0.0.1/#fragment',
  'ws+unix:',
  'ws+unix:#fragment',
  'ws+unix://',
  'ws://127.0.0.1:99999/',
  'ws://exa mple.test/',
  'ws://[::1',
  undefined,
  5,
  {},
  [],
  true,
]

const TAKEN: readonly (string | URL)[] = [
  'ws://127.0.0.1:1',
  'ws://127.0.0.1:1/',
  'WS://127.0.0.1:1/Path',
  'ws://127.0.0.1:1/a/../b/%7Euser?x=ä',
  'http://127.0.0.1:1/',
  'https://127.0.0.1:1/x',
  'wss://127.0.0.1:1',
  'ws://user:pass@127.0.0.1:1/',
  'ws://LOCALHOST:1/',
  'ws://127.0.0.1:80/',
  'wss://127.0.0.1:443/',
  'ws+unix:/does/not/exist.sock:/path?query',
  ' ws://127.0.0.1:1/ ',
  new URL('ws://127.0.0.1:1/object'),
  new URL('http://127.0.0.1:1/object'),
]

const PROTOCOLS: readonly unknown[] = [
  'a',
  ['a'],
  ['a', 'b'],
  [],
  '',
  [''],
  ['a', 'a'],
  'a b',
  ['a,b'],
  ['ä'],
  'a\n',
  [5],
  5,
  true,
  false,
  [null],
  [undefined],
  "!#$%&'*+-.^_`|~09AZaz",
  'a;b',
]

const OPTIONS: Readonly<Record<string, object>> = {
  'protocolVersion 13': { protocolVersion: 13 },
  'headers that cannot be sent': { headers: { 'X-Bad': 'a\r\nb' } },
  'a header name that is none': { headers: { 'X Bad': 'a' } },
  'options.protocols that are none': { protocols: ['a b'] },
  'maxPayload that is no number': { maxPayload: 'x' },
  'handshakeTimeout that is no number': { handshakeTimeout: 'x' },
  'handshakeTimeout below zero': { handshakeTimeout: -1 },
  'an origin that cannot be sent': { origin: 'a\nb' },
}

export const urls: Scenarios = {
  'addresses that are refused': async (_, stage) => {
    const track = stage.track('constructor')
    for (const address of ADDRESSES) {
      track.attempt(`${JSON.stringify(address)}`, () => {
        const client = stage.make(address)
        client.on('error', () => {})
        return client.url
      })
    }
  },

  'a URL object that is refused': async (_, stage) => {
    const track = stage.track('constructor')
    for (const address of ['ftp://example.test', 'ws://127.0.0.1/#x']) {
      track.attempt(address, () => stage.make(new URL(address)).url)
    }
  },

  'addresses that are taken, and the property url': async (_, stage) => {
    const track = stage.track('constructor')
    for (const address of TAKEN) {
      track.attempt(`${address}`, () => {
        const client = stage.make(address)
        client.on('error', () => {})
        return [client.url, client.readyState]
      })
    }
  },

  'a URL object is not changed': async (_, stage) => {
    const track = stage.track('constructor')
    const url = new URL('http://127.0.0.1:1/x')
    const client = stage.make(url)
    client.on('error', () => {})
    track.note(url.href, client.url)
  },

  'an http address connects': async (_, stage) => {
    const { url } = await stage.server()
    const { client, track } = stage.client('client', url.replace('ws:', 'http:'))
    track.note(client.url)
    await track.until('open')
  },

  'subprotocols that are taken and refused': async (_, stage) => {
    const track = stage.track('constructor')
    for (const protocols of PROTOCOLS) {
      track.attempt(`${JSON.stringify(protocols)}`, () => {
        stage.make('ws://127.0.0.1:1', protocols).on('error', () => {})
        return 'made'
      })
    }
  },

  'options that are taken and refused': async (_, stage) => {
    const track = stage.track('constructor')
    for (const [name, options] of Object.entries(OPTIONS)) {
      track.attempt(name, () => {
        stage.make('ws://127.0.0.1:1', options).on('error', () => {})
        return 'made'
      })
    }
  },

  'versions of the protocol that are none or old': async (_, stage) => {
    for (const protocolVersion of [8, 14, '13', undefined]) {
      stage.track('constructor').attempt(`${JSON.stringify(protocolVersion)}`, () => {
        stage.make('ws://127.0.0.1:1', { protocolVersion }).on('error', () => {})
        return 'made'
      })
    }
  },

  'options are not changed': async (_, stage) => {
    const track = stage.track('constructor')
    const options = Object.freeze({
      headers: Object.freeze({ 'X-A': '1' }),
      perMessageDeflate: Object.freeze({ threshold: 1 }),
      followRedirects: true,
    })
    track.attempt('made', () => {
      stage.make('ws://127.0.0.1:1', options).on('error', () => {})
    })
    track.note(options)
  },

  'a WebSocket without an address, as a server makes one': async (ws, stage) => {
    const track = stage.track('constructor')
    const make = (...args: unknown[]) => Reflect.construct(ws.WebSocket, args) as Client
    track.attempt('no arguments', () => make())
    track.attemptBriefly('null without options', () => make(null))
    track.attempt('null with options', () => {
      const { readyState, url, protocol, bufferedAmount, extensions, binaryType } = make(null, undefined, {})
      return [readyState, url, protocol, bufferedAmount, extensions, binaryType]
    })
  },

  'the name of a host that does not exist': async (_, stage) => {
    const { client, track } = stage.client('client', 'ws://no-such-host.invalid/', {
      lookup(host: string, _options: object, callback: (error: Error) => void) {
        const error: NodeJS.ErrnoException = new Error(`getaddrinfo ENOTFOUND ${host}`)
        error.code = 'ENOTFOUND'
        process.nextTick(callback, error)
      },
    })
    await track.until('close')
    track.note(client.readyState)
  },

  'wss with a certificate that is not trusted, and with one that is': async (_, stage) => {
    const https = createTlsServer({ key, cert: certificate })
    stage.keep(https)
    const server = stage.makeServer({
      server: https,
      verifyClient: ({ secure }: { secure: boolean }) => {
        stage.track('verify').note('secure', secure)
        return true
      },
    })
    stage.meet(server)
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    const { port } = https.address() as AddressInfo
    const refused = stage.client('untrusted', `wss://127.0.0.1:${port}/`)
    await refused.track.until('close')
    for (const [name, options] of [
      ['trusted', { ca: certificate }],
      ['not asked', { rejectUnauthorized: false }],
      ['with servername', { ca: certificate, servername: 'localhost' }],
    ] as const) {
      const { client, track } = stage.client(name, `wss://127.0.0.1:${port}/`, options)
      await track.until('open')
      track.note(client.url)
      client.send('over TLS')
      client.close(1000)
      await track.until('close')
    }
    await until(() => stage.track('server 3').count('close') === 1)
  },

  'wss to a server without TLS': async (_, stage) => {
    const { port } = await stage.server()
    const { client, track } = stage.client('client', `wss://127.0.0.1:${port}/`)
    client.removeAllListeners('error')
    client.on('error', (error) => track.note('error', client.readyState, error.name, error.constructor.name))
    await track.until('close')
  },

  'ws to a server with TLS': async (_, stage) => {
    const https = createTlsServer({ key, cert: certificate })
    stage.keep(https)
    https.on('tlsClientError', () => {})
    stage.makeServer({ server: https })
    https.listen(0, '127.0.0.1')
    await once(https, 'listening')
    const { track } = stage.client('client', `ws://127.0.0.1:${(https.address() as AddressInfo).port}/`)
    await track.until('close')
  },

  'a socket file that does not exist': async (_, stage) => {
    const { track } = stage.client('client', 'ws+unix:/does/not/exist.sock')
    await track.until('close')
  },

  IPv6: async (_, stage) => {
    const { server } = await stage.server({ host: '::1' })
    server.on('connection', (_socket, request) => stage.track('wss').note(request.headers.host))
    const { client, track } = stage.client('client', `ws://[::1]:${(server.address() as AddressInfo).port}/`)
    await track.until('open')
    track.note(client.url)
  },
}
