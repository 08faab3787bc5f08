// Programs that nobody here wrote, with `wspc/ws` where they import `ws`: each plays an exchange and reports what happened.
// With WSPC_PROGRAMS_WS=real the same exchanges run over the real `ws`, which shows that what is expected here is its behaviour.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { chromium, needs, run, testFile } from '../support/programs.ts'

const real = process.env['WSPC_PROGRAMS_WS'] === 'real'
const installed = existsSync(testFile('programs', 'node_modules'))
const programs = needs(installed ? 'installed' : undefined, 'what test/programs names')

/** Runs a program of test/programs to its own end. @returns what it reported. */
async function played(file: string, ...parameters: string[]): Promise<unknown> {
  const flags = real ? ['--conditions=real-ws'] : []
  const { code, stdout, stderr } = await run(process.execPath, [...flags, testFile('programs', file), ...parameters])
  assert.equal(code, 0, `${file} has failed, or had not ended after a minute.\n${stdout}${stderr}`)
  const { ws, ...results } = JSON.parse(stdout)
  assert.equal(ws, real ? 'real-ws' : 'wspc')
  return results
}

test('no program brings a ws of its own', programs, async () => {
  const { packages } = JSON.parse(await readFile(testFile('programs', 'package-lock.json'), 'utf8'))
  const found = Object.entries<{ name?: string }>(packages)
    .filter(([path, { name }]) => path.endsWith('node_modules/ws') || name === 'ws')
    .map(([path]) => path)
  assert.deepEqual(found, ['node_modules/real-ws', 'node_modules/ws'])
  assert.deepEqual(packages['node_modules/ws'], { resolved: 'ws', link: true })
})

test('import and require give the same things, and require the class itself', programs, async () => {
  assert.deepEqual(await played('doors.cjs'), {
    defaults: true,
    names: [
      ['PerMessageDeflate', true],
      ['Receiver', true],
      ['Sender', true],
      ['WebSocket', true],
      ['WebSocketServer', true],
      ['createWebSocketStream', true],
      ['extension', true],
      ['subprotocol', true],
    ],
    server: true,
    itself: true,
    marked: false,
    states: [0, 1, 2, 3],
    version: '8.23.0',
  })
})

test('socket.io: rooms, acknowledgements and binary events, by websocket or after polling', programs, async () => {
  const scene = {
    oursAtServer: true,
    oursAtClient: true,
    extensions: '',
    remoteAddress: '127.0.0.1',
    reversed: [3, 2, 1],
    length: 3,
    heard: ['hello 100', 'hello 100'],
    heardBytes: [true, true],
    broadcastFrames: { made: 1, sent: 2 },
    left: ['transport close', 'transport close'],
  }
  assert.deepEqual(await played('socket.io.cjs'), {
    byDefault: { ...scene, header: 'engine' },
    handedOver: { ...scene, header: 'engine' },
    compressed: {
      ...scene,
      header: 'engine',
      extensions: 'permessage-deflate',
      broadcastFrames: { made: 1, sent: 0 },
    },
    upgraded: scene,
  })
})

test('graphql-ws: a query, a subscription, pings both ways, and strangers refused', programs, async () => {
  assert.deepEqual(await played('graphql-ws.mjs'), {
    query: [{ hello: 'world' }],
    subscription: [{ greeting: 'hi' }, { greeting: 'bonjour' }, { greeting: 'γειά' }],
    atServer: [[true, 'graphql-transport-ws']],
    atClient: [true, 'graphql-transport-ws'],
    closed: [1000, 'Normal Closure', true],
    stranger: [4406, 'Subprotocol not acceptable'],
    chosen: 'graphql-transport-ws',
    elsewhere: 'Unexpected server response: 400',
  })
})

test('@fastify/websocket: routes, refusals, limits, and a client without a network', programs, async () => {
  assert.deepEqual(await played('fastify.mjs'), {
    server: true,
    welcome: ['welcome', false],
    echo: 'you: hello',
    bytes: [[1, 2, 3], true],
    clients: 1,
    tooLong: [1009, ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH']],
    injected: [true, 1, 'welcome', 'me: no network'],
    refusal: 'Unexpected server response: 401',
    refused: [401, null, 'who are you?'],
    banned: [403, 'banned', 'Banned'],
    noSuchRoute: 404,
    left: 1005,
  })
})

test('express-ws: a broadcast in a room, no route, and middleware that fails', programs, async () => {
  assert.deepEqual(await played('express-ws.cjs'), {
    server: true,
    ours: true,
    extensions: 'permessage-deflate',
    heard: ['blue: hello', 'blue: hello'],
    nowhere: 1005,
    failing: 1005,
    left: ['4000 good night', '4000 good night'],
  })
})

test(
  "crossws' Node adapter: hooks, headers, topics, pings, and compression decided per connection",
  programs,
  async () => {
    assert.deepEqual(await played('crossws.mjs'), {
      ours: true,
      welcome: ['welcome to /first from 127.0.0.1', 'yes', 'permessage-deflate'],
      plain: ['welcome to /plain from 127.0.0.1', 'yes', ''],
      said: '{"said":"hello"}',
      ping: 'now',
      pong: 'me too',
      news: [[9, 8], true],
      refused: 'Unexpected server response: 403',
      seen: ['pong now', 'ping me too', 'close 4001 enough'],
      left: [1001, 'going'],
    })
  },
)

test('y-websocket: two documents become one, also after a time apart', programs, async () => {
  const text = 'Long before and after'
  assert.deepEqual(await played('y-websocket.mjs'), {
    ours: true,
    atServer: true,
    text: [text, text, text],
    kinds: ['ArrayBuffer'],
    bytes: 100_000,
    present: 2,
  })
})

test('mqtt and aedes: streams over WebSocket at both ends, with and without TLS', programs, async () => {
  assert.deepEqual(await played('mqtt.mjs'), {
    atServer: [
      [true, 'mqtt', 'listener', false],
      [true, 'mqtt', 'speaker', true],
      [true, 'mqtt', 'late', false],
    ],
    granted: [['room/#', 1]],
    heard: [['room/text', 'hello'], ['room/bytes', 'the bytes'], 102, ['room/many', 'message 99']],
    inOrder: true,
    retained: ['room/text', 'hello'],
    destroyed: true,
  })
})

test('jsdom: the WebSocket of a page, with cookies, every kind of data, and codes of closing', programs, async () => {
  assert.deepEqual(await played('jsdom.cjs'), {
    said: [
      [0, true],
      ['open', 'other', 1, 'from=page; a=1; b=2'],
      'text é',
      [1, 2, 3],
      [true, 4],
      ['close', 4000, 'enough', true],
      'error',
      [1006, false],
    ],
    requests: [
      [true, 'from=page', true],
      [true, 'from=page; a=1; b=2', true],
    ],
    left: 1001,
  })
})

test('isomorphic-ws: reconnecting-websocket comes back, websocket-as-promised gets its answers', programs, async () => {
  assert.deepEqual(await played('isomorphic.cjs'), {
    same: true,
    ours: true,
    said: [
      'early',
      'one',
      1,
      [true, 1, 2, 3],
      [1012, 'restarting', true],
      'after restart',
      [1006, '', false],
      'after vanish',
      1000,
      3,
    ],
    answers: [
      { id: 1, value: 'a' },
      { id: 2, value: 'b' },
      { id: 3, value: 'c' },
    ],
    closing: 4001,
  })
})

test('wscat: commands, control frames, a proxy, a redirection, refusals', programs, async () => {
  const executed = { code: 0, printed: 'welcome\ntext one\ntext last\n', errors: '' }
  const failed = (status: number) => ({
    code: 255,
    printed: '',
    errors: `error: Unexpected server response: ${status}\n`,
  })
  assert.deepEqual(await played('wscat.cjs'), {
    executed,
    conversation: {
      code: 0,
      printed:
        'welcome\ntext hello\nReceived pong (data: "abc")\npinged with abc\nReceived pong (data: "")\npinged with \nponged with def\n',
      errors: '',
    },
    proxied: [executed, [true]],
    redirected: executed,
    notRedirected: failed(302),
    refused: failed(401),
    requests: [
      ['/executed', false, 'http://good.example', 'Basic bWU6c2VjcmV0', '1', 'chat'],
      ['/conversation', false, null, null, null, null],
      ['/proxied', false, null, null, null, null],
      ['/redirected', false, null, null, null, null],
      ['/refused', false, 'http://bad.example', null, null, null],
    ],
    closings: [
      '/executed 1000 that is all',
      '/conversation 4001 bye',
      '/proxied 1000 that is all',
      '/redirected 1000 that is all',
    ],
  })
})

test('puppeteer-core: Chromium driven over our client, its page talking to our server', browser(), async () => {
  assert.deepEqual(await played('puppeteer.mjs', chromium!), {
    overWebSocket: true,
    title: 'Driven',
    printed: 'printed',
    long: [2_000_000, true],
    picture: 'PNG',
    echo: ['permessage-deflate', 'text', 100_000, 4000, 'enough', true],
  })
})

/** Both the programs and a browser. */
function browser(): { skip: string | false } {
  return programs.skip === false ? needs(chromium, 'Chromium') : programs
}
