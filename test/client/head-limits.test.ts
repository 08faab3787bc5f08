// How long a head may be is for us to say, also where Node was told to bear more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runModule } from '../support/programs.ts'

const PROGRAM = `
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect, serve } from 'wspc/node'

const long = ['X-Long', 'x'.repeat(20_000)]
const answers = (head) =>
  createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(head + '\\r\\n' + long.join(': ') + '\\r\\n\\r\\n'))
  }).listen(0, '127.0.0.1')
const failure = (url, options) => connect(url, options).then(() => 'open', ({ code, status, cause }) => [code, status ?? cause?.code])

const server = await serve({}, () => {})
const peer = answers('HTTP/1.1 101 Switching Protocols')
const proxy = answers('HTTP/1.1 200 OK')
await Promise.all([once(peer, 'listening'), once(proxy, 'listening')])
const portOf = (listening) => listening.address().port
const said = [
  await failure(server.url, { headers: [long], proxy: false }),
  await failure('ws://127.0.0.1:' + portOf(peer), { proxy: false }),
  await failure('ws://a.test/', { proxy: 'http://127.0.0.1:' + portOf(proxy) }),
]
console.log(JSON.stringify(said))
process.exit()
`

test('T-13, T-34: a head of more than 16,384 bytes is refused, whatever Node would bear', async () => {
  const { stdout, stderr } = await runModule(PROGRAM, ['--max-http-header-size=100000'])
  assert.deepEqual(
    JSON.parse(stdout),
    [
      ['STATUS_NOT_101', 431],
      ['HEAD_TOO_LONG', 'HPE_HEADER_OVERFLOW'],
      ['PROXY_ANSWER_INVALID', 'HPE_HEADER_OVERFLOW'],
    ],
    stderr,
  )
})
