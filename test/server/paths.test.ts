// Which requests a server takes: one path or several, alone on a port or next to others on an HTTP server of the
// application.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, get, type Server as HttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type TestContext, test } from 'node:test'
import { connect, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { listening, type OwnHttpServer } from '../support/http-server.ts'
import { started } from '../support/server.ts'
import { rawClient, rawTlsClient } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'

/** What a target is answered with: all of it, so that an answer too many is seen. */
async function answerTo(port: number, target: string, how: { tls?: boolean } = {}): Promise<string> {
  const peer = await (how.tls === true ? rawTlsClient(port) : rawClient(port))
  peer.say(upgradeRequest({ line: `GET ${target} HTTP/1.1` }))
  const head = await peer.head()
  if (head.includes(' 101 ')) peer.say(Buffer.from('88820000000003e8', 'hex'))
  const text = await peer.all()
  peer.leave()
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1, text)
  return head.split(' ')[1]!
}

async function httpServer(t: TestContext, http: HttpServer = createServer()): Promise<OwnHttpServer> {
  http.on('request', (_, response) => response.writeHead(299, { Connection: 'close' }).end('something else'))
  return listening(t, http)
}

/** Serves paths on an HTTP server of the application, and counts who got what. */
function sharing(http: HttpServer) {
  const seen: string[] = []
  const share = (name: string, path?: string | readonly string[]) =>
    serve({ server: http, path }, (connection, { target }) => {
      seen.push(`${name} ${target}`)
      connection.onMessage(() => {})
    })
  return { seen, share }
}

// --- on a port of its own ---------------------------------------------------------------------------------------------

test('of several paths all are served, others are answered with 404, and the URL has the first', async (t) => {
  const server = await started(t, { path: ['/chat', '/news', '/a%20b'] }, (connection) =>
    connection.onMessage(() => {}),
  )
  assert.equal(server.url, `ws://127.0.0.1:${server.port}/chat`)
  for (const [target, status] of [
    ['/chat', '101'],
    ['/news?x=/chat', '101'],
    ['/a%20b', '101'],
    ['http://127.0.0.1/news', '101'],
    ['/', '404'],
    ['/chat/', '404'],
    ['/chat/news', '404'],
    ['/chat,/news', '404'],
    ['/new', '404'],
    ['/?/chat', '404'],
  ] as const) {
    assert.equal(await answerTo(server.port, target), status, target)
  }
})

test('a list of one path is that path, and a path may be there twice', async (t) => {
  const server = await started(t, { path: ['/a', '/a'] })
  assert.match(server.url, /\d\/a$/)
  await (await connect(server.url)).close()
})

test('a list that is changed later changes nothing', async (t) => {
  const path = ['/a']
  const server = await started(t, { path })
  path[0] = '/b'
  path.push('/c')
  await (await connect(server.url)).close()
  assert.equal(await answerTo(server.port, '/c'), '404')
})

for (const path of [[], ['chat'], ['/chat', ''], ['/a?b'], ['/a#b'], ['/a', 5], ['/a', undefined], {}, null, '', 5]) {
  test(`the path ${JSON.stringify(path)} is a TypeError`, async () => {
    await assert.rejects(
      serve({ path: path as never }, () => {}),
      TypeError,
    )
  })
}

// --- next to others ---------------------------------------------------------------------------------------------------

for (const secure of [false, true]) {
  const how = { tls: secure }

  test(`three servers share an ${secure ? 'HTTPS' : 'HTTP'} server by their paths; one answer each, also where nobody serves`, async (t) => {
    const own = secure ? createTlsServer({ key, cert: certificate }) : undefined
    const { http, port } = await httpServer(t, own)
    const { seen, share } = sharing(http)
    const one = await share('one', ['/one', '/eins'])
    const two = await share('two', '/two')
    const three = await share('three', ['/three', '/drei', '/trois'])
    assert.equal(one.url, `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}/one`)
    for (const target of ['/two', '/trois', '/eins', '/one', '/drei?x', '/three']) {
      assert.equal(await answerTo(port, target, how), '101', target)
    }
    assert.deepEqual(seen.splice(0), [
      'two /two',
      'three /trois',
      'one /eins',
      'one /one',
      'three /drei?x',
      'three /three',
    ])
    assert.equal(await answerTo(port, '/four', how), '404')

    await two.close()
    assert.equal(await answerTo(port, '/two', how), '404')
    assert.equal(await answerTo(port, '/eins', how), '101')
    await one.close()
    assert.equal(await answerTo(port, '/one', how), '404')
    assert.equal(await answerTo(port, '/drei', how), '101')
    assert.deepEqual(seen, ['one /eins', 'three /drei'])
    await three.close()
    // Nobody takes upgrades any more: what there is else has the request.
    assert.equal(await answerTo(port, '/drei', how), '299')
    assert.equal(http.listenerCount('upgrade'), 0)
  })
}

test('where paths overlap the first server has them, and the next one once it is closed', async (t) => {
  const { http, port } = await httpServer(t)
  const { seen, share } = sharing(http)
  const one = await share('one', ['/both', '/one'])
  const two = await share('two', ['/both', '/two'])
  assert.equal(await answerTo(port, '/both'), '101')
  assert.equal(await answerTo(port, '/two'), '101')
  await one.close()
  assert.equal(await answerTo(port, '/both'), '101')
  assert.equal(await answerTo(port, '/one'), '404')
  assert.deepEqual(seen, ['one /both', 'two /two', 'two /both'])
  await two.close()
})

test('a server without a path next to others has what is for nobody else', async (t) => {
  const { http, port } = await httpServer(t)
  const { seen, share } = sharing(http)
  const one = await share('one', '/one')
  const rest = await share('rest')
  for (const target of ['/one', '/', '/two']) assert.equal(await answerTo(port, target), '101')
  assert.deepEqual(seen, ['one /one', 'rest /', 'rest /two'])
  await Promise.all([one.close(), rest.close()])
})

test('other listeners for upgrades have what is not ours, and nothing that is', async (t) => {
  const { http, port } = await httpServer(t)
  const { seen, share } = sharing(http)
  const one = await share('one', '/one')
  const others: (string | undefined)[] = []
  http.on('upgrade', ({ url }, socket) => {
    others.push(url)
    if (url !== '/one' && url !== '/two') socket.end('HTTP/1.1 298 Theirs\r\n\r\n')
  })
  const two = await share('two', '/two')
  assert.equal(await answerTo(port, '/three'), '298')
  assert.equal(await answerTo(port, '/one'), '101')
  assert.equal(await answerTo(port, '/two'), '101')
  await one.close()
  assert.equal(http.listenerCount('upgrade'), 2)
  assert.equal(await answerTo(port, '/four'), '298')
  await two.close()
  assert.equal(http.listenerCount('upgrade'), 1)
  assert.equal(await answerTo(port, '/five'), '298')
  assert.deepEqual(
    [seen, others],
    [
      ['one /one', 'two /two'],
      ['/three', '/one', '/two', '/four', '/five'],
    ],
  )
})

test('T-24: while a server closes, its paths are answered with 503, unless another one that goes on has them, too', async (t) => {
  const { http, port } = await httpServer(t)
  const { seen, share } = sharing(http)
  const one = await share('one', ['/both', '/one'])
  const two = await share('two', ['/both', '/two'])
  const slow = await rawClient(port) // it does not answer the Close frame for now
  slow.say(upgradeRequest({ line: 'GET /one HTTP/1.1' }))
  await slow.head()
  const closed = one.close()
  assert.equal(await answerTo(port, '/one'), '503')
  assert.equal(await answerTo(port, '/both'), '101')
  assert.equal(await answerTo(port, '/three'), '404')
  const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response')
  assert.equal(response.resume().statusCode, 299)
  const alsoClosed = two.close()
  assert.deepEqual(seen, ['one /one', 'two /both'])
  slow.say(Buffer.from('88820000000003e9', 'hex'))
  slow.leave('end')
  await Promise.all([closed, alsoClosed])
})

test('T-24: when all that share a path are closing, one of them answers with 503', async (t) => {
  const { http, port } = await httpServer(t)
  const { share } = sharing(http)
  const servers = [await share('one', '/a'), await share('two', '/a')]
  const slow = await rawClient(port)
  slow.say(upgradeRequest({ line: 'GET /a HTTP/1.1' }))
  await slow.head()
  const closed = servers.map((server) => server.close())
  // Only the first has a connection to wait for; the second is through at once, and its listener with it.
  await closed[1]
  assert.equal(await answerTo(port, '/a'), '503')
  slow.say(Buffer.from('88820000000003e9', 'hex'))
  slow.leave('end')
  await Promise.all(closed)
  assert.equal(await answerTo(port, '/a'), '299')
})
