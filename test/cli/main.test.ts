// The program from the outside: what it prints, how it ends, what its exit code says.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { USAGE } from '../../src/cli/args.ts'
import { acceptValue } from '../../src/handshake/index.ts'
import { type ConnectionHandler, connect, type Server, serve } from '../../src/node.ts'
import { certificate, key } from '../support/certificate.ts'
import { ROOT } from '../support/programs.ts'
import { rawClient, rawServer } from '../support/sockets.ts'
import { upgradeRequest } from '../support/upgrade.ts'
import { frame } from '../support/wire.ts'
import { MAIN, type Program, wspc } from '../support/wspc.ts'

async function started(t: TestContext, ...args: string[]): Promise<Program & { url: string }> {
  const program = wspc('serve', ...args)
  t.after(() => program.child.kill('SIGKILL'))
  return Object.assign(program, { url: await program.firstLine() })
}

async function serving(t: TestContext, handler: ConnectionHandler): Promise<Server> {
  const server = await serve({}, handler)
  t.after(() => server.close({ timeoutMs: 0 }))
  return server
}

// --- serve ----------------------------------------------------------------------------------------------------------------

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`wspc serve prints exactly its URL, echoes, and ends cleanly on ${signal}`, async (t) => {
    const program = await started(t)
    assert.match(program.url, /^ws:\/\/127\.0\.0\.1:\d+\/$/)
    const connection = await connect(program.url, { origin: 'https://anywhere.test' })
    const messages = connection.messages()
    for (const message of ['hello', Uint8Array.of(1, 2), '']) {
      await connection.send(message)
      assert.deepEqual((await messages.next()).value, message)
    }
    process.kill(program.child.pid!, signal)
    const { code, wasClean } = await connection.closed
    assert.deepEqual([code, wasClean], [1001, true])
    assert.equal(await program.ended, 0)
    assert.deepEqual([program.stdout, program.stderr], [`${program.url}\n`, ''])
  })
}

test('wspc serve takes the port, the host and the limits that it is told', async (t) => {
  const free = await serve({}, () => {})
  const { port } = free
  await free.close()
  const limits = ['--max-message-bytes', '5', '--max-message-fragments', '1']
  const program = await started(t, '--port', String(port), '--host', 'localhost', ...limits)
  assert.match(program.url, new RegExp(`^ws://(127\\.0\\.0\\.1|\\[::1\\]):${port}/$`))
  const connection = await connect(program.url)
  await connection.send('12345')
  assert.equal((await connection.messages().next()).value, '12345')
  await connection.send('123456')
  assert.equal((await connection.closed).code, 1009)
  process.kill(program.child.pid!, 'SIGTERM')
  assert.equal(await program.ended, 0)
})

for (const { args, offer, answer } of [
  {
    args: ['--deflate'],
    offer: 'permessage-deflate; client_max_window_bits',
    answer:
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=12',
  },
  { args: ['--deflate'], offer: undefined, answer: undefined },
  { args: [], offer: 'permessage-deflate; client_max_window_bits', answer: undefined },
]) {
  const title = answer === undefined ? 'does not compress what it echoes' : 'compresses what it echoes'
  test(`wspc serve ${args.join(' ')} ${title} to a client that offers ${offer ?? 'nothing'}`, async (t) => {
    const program = await started(t, ...args)
    const peer = await rawClient(Number(new URL(program.url).port))
    t.after(() => peer.leave())
    peer.say(upgradeRequest({}, ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`])))
    assert.equal(/^Sec-WebSocket-Extensions: (.*?)\r?$/m.exec(await peer.head())?.[1], answer)
    peer.say(frame({ opcode: 1, key: '37fa213d', payload: 'x'.repeat(1_024) }))
    assert.equal((await peer.behindHead(2)).slice(0, 2), answer === undefined ? '81' : 'c1')
  })
}

test('wspc serve --deflate echoes everything that is sent to it compressed', async (t) => {
  const program = await started(t, '--deflate')
  const connection = await connect(program.url, { deflate: { thresholdBytes: 0 } })
  assert.equal(connection.extensions[0]?.name, 'permessage-deflate')
  const messages = connection.messages()
  for (const message of ['', 'hello', 'x'.repeat(100_000), new Uint8Array(70_000)]) {
    await connection.send(message)
    assert.deepEqual((await messages.next()).value, message)
  }
  await connection.close()
})

test('wspc serve that cannot have its port says so, and ends with 2', async (t) => {
  const server = await serving(t, () => {})
  const program = wspc('serve', '--port', String(server.port))
  assert.equal(await program.ended, 2)
  assert.match(program.stderr, /^wspc: Cannot listen on 127\.0\.0\.1, port \d+: .*(EADDRINUSE|in use).*\n$/)
  assert.equal(program.stdout, '')
})

// --- connect --------------------------------------------------------------------------------------------------------------

test('wspc connect sends lines, prints messages, and closes normally at the end of its input', async (t) => {
  const received: unknown[] = []
  const server = await serving(t, async (connection) => {
    void connection.send(Uint8Array.of(0xca, 0xfe))
    for await (const message of connection) {
      received.push(message)
      await connection.send(`re: ${message}`)
    }
  })
  const program = wspc('connect', server.url)
  program.child.stdin.write('one\r\ntwo\n')
  await program.says('re: two\n')
  program.child.stdin.end('three without a line end')
  assert.equal(await program.ended, 0)
  assert.deepEqual(received, ['one', 'two', 'three without a line end'])
  assert.equal(program.stdout, '<2 bytes: cafe>\nre: one\nre: two\nre: three without a line end\n')
  assert.equal(program.stderr, '')
})

test('wspc connect prints what the peer says as it is when no terminal shows it', async (t) => {
  const server = await serving(t, (connection) => {
    void connection.send('\x1b[2J')
    void connection.close(1001)
  })
  const program = wspc('connect', server.url)
  assert.equal(await program.ended, 0)
  assert.equal(program.stdout, '\x1b[2J\n')
})

test('wspc connect closes normally on SIGINT', async (t) => {
  const ends: number[] = []
  const server = await serving(t, async (connection) => {
    void connection.send('ready')
    connection.onMessage(() => {})
    ends.push((await connection.closed).code)
  })
  const program = wspc('connect', server.url)
  await program.says('ready')
  process.kill(program.child.pid!, 'SIGINT')
  assert.equal(await program.ended, 0)
  assert.deepEqual(ends, [1000])
})

for (const { title, handler, code, says } of [
  {
    title: 'closes with a code that says something is wrong',
    handler: (connection) => void connection.close(1011, 'oh\x1b no'),
    code: 3,
    says: /^wspc: Connection closed with 1011: oh\\x1b no\n$/,
  },
  {
    title: 'closes with such a code and no reason',
    handler: (connection) => void connection.close(4000),
    code: 3,
    says: /^wspc: Connection closed with 4000\n$/,
  },
  {
    title: 'goes away without a word',
    handler: (connection) => connection.terminate(),
    code: 3,
    says: /^wspc: Connection closed with 1006: /,
  },
  { title: 'closes without a code', handler: (connection) => void connection.close(), code: 0, says: /^$/ },
] as { title: string; handler: ConnectionHandler; code: number; says: RegExp }[]) {
  test(`wspc connect to a server that ${title} ends with ${code}`, async (t) => {
    const server = await serving(t, handler)
    const program = wspc('connect', server.url)
    assert.equal(await program.ended, code)
    assert.match(program.stderr, says)
  })
}

// util-linux: runs a command on a terminal of its own.
const hasTerminal = /util-linux/.test(spawnSync('script', ['--version']).stdout?.toString() ?? '')

for (const [code, closed] of [
  [1000, 'with 1000: bye'],
  [undefined, 'without a code'],
] as const) {
  test(`wspc connect on a terminal says where it is connected to, and that it was closed ${closed}`, {
    skip: hasTerminal ? false : 'no script of util-linux',
  }, async (t) => {
    const server = await serving(t, (connection) => {
      void connection.send('hello')
      void connection.close(code, code && 'bye')
    })
    // What `spawn` adds to a command of Deno's, `script` does not.
    const permissions = 'Deno' in globalThis ? 'run -A' : ''
    const command = `'${process.execPath}' ${permissions} '${MAIN}' connect ${server.url}`
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const [exitCode] = await once(child, 'close')
    assert.equal(exitCode, 0)
    assert.equal(
      said.replaceAll('\r', ''),
      `wspc: Connected to ${server.url}\nhello\nwspc: Connection closed ${closed}\n`,
    )
  })
}

test('wspc connect that is refused, or finds nobody, says why and ends with 2', async (t) => {
  const guarded = await serve({ authorize: () => ({ status: 403 }) }, () => {})
  t.after(() => guarded.close())
  const refused = wspc('connect', guarded.url)
  assert.equal(await refused.ended, 2)
  assert.equal(refused.stderr, 'wspc: Server did not switch protocols (403 Forbidden)\n')

  const untrusted = await serve({ tls: { key, cert: certificate } }, () => {})
  t.after(() => untrusted.close())
  const distrusting = wspc('connect', untrusted.url)
  assert.equal(await distrusting.ended, 2)
  assert.match(
    distrusting.stderr,
    /^wspc: Cannot connect to 127\.0\.0\.1:\d+ \(self-signed certificate\): .*self[- ]signed certificate.*\n$/,
  )

  const gone = await serve({}, () => {})
  await gone.close()
  assert.equal(await wspc('connect', `ws://127.0.0.1:${new URL(untrusted.url).port}`).ended, 2)
})

test('wspc connect takes no offence at lines that come when the server has closed already', async (t) => {
  const server = await rawServer(async (peer) => {
    await peer.head()
    const requestKey = /Sec-WebSocket-Key: (.*)\r\n/.exec(peer.text)![1]!
    const headBytes = peer.text.length
    peer.say(
      `HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptValue(requestKey)}\r\n\r\n\x88\x02\x03\xe8`,
    )
    await peer.until(({ text }) => text.length > headBytes)
    program.child.stdin.write('too late\n')
    await delay(50)
    peer.leave('end')
  })
  t.after(() => server.close())
  const program = wspc('connect', `ws://127.0.0.1:${server.port}`)
  assert.equal(await program.ended, 0)
  assert.equal(program.stderr, '')
})

test('wspc connect closes on SIGTERM', async (t) => {
  const server = await serving(t, (connection) => void connection.send('ready'))
  const program = wspc('connect', server.url)
  await program.says('ready')
  const [connection] = server.connections
  connection!.onMessage(() => {})
  process.kill(program.child.pid!, 'SIGTERM')
  assert.equal(await program.ended, 0)
  assert.equal((await connection!.closed).code, 1000)
})

test('wspc connect drops what is still to be printed when nobody reads its output any more', async (t) => {
  const server = await serving(t, async (connection) => {
    connection.onMessage(() => {})
    for (let i = 0; i < 100_000 && connection.readyState === 'open'; i++) await connection.send('x'.repeat(1_000))
  })
  const program = wspc('connect', server.url)
  await program.says('xxx')
  const begun = process.hrtime.bigint()
  program.child.stdout.destroy()
  const [code] = await once(program.child, 'exit')
  assert.equal(code, 0)
  assert.ok(process.hrtime.bigint() - begun < 9_000_000_000n, 'it took until closeTimeoutMs')
})

test('wspc connect whose output nobody reads any more closes normally', async (t) => {
  const ends: number[] = []
  const server = await serving(t, async (connection) => {
    connection.onMessage(() => {})
    void connection.send('first')
    const talk = setInterval(() => connection.trySend('more'), 5)
    ends.push((await connection.closed).code)
    clearInterval(talk)
  })
  const program = wspc('connect', server.url)
  await program.says('first')
  program.child.stdout.destroy()
  const [code] = await once(program.child, 'exit')
  assert.equal(code, 0)
  while (ends.length === 0) await delay(5)
  assert.deepEqual(ends, [1000])
})

// --- usage ----------------------------------------------------------------------------------------------------------------

test('wspc --version prints the version of the package', async () => {
  const program = wspc('--version')
  assert.equal(await program.ended, 0)
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  assert.equal(program.stdout, `${version}\n`)
})

test('wspc help prints the usage and ends with 0', async () => {
  const program = wspc('help')
  assert.equal(await program.ended, 0)
  assert.deepEqual([program.stdout, program.stderr], [USAGE, ''])
})

for (const args of [[], ['serv'], ['serve', '--port', 'x'], ['connect'], ['connect', 'ws://127.0.0.1:1/#part']]) {
  test(`wspc ${args.join(' ')} says what is wrong with it, prints the usage and ends with 1`, async () => {
    const program = wspc(...args)
    assert.equal(await program.ended, 1)
    assert.equal(program.stdout, '')
    assert.match(program.stderr, /^wspc: .+\n\nUsage:\n/)
  })
}
