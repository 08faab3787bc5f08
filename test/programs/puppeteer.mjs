// puppeteer-core: Chromium is driven over our client, and its page talks to our server.

import { once } from 'node:events'
import puppeteer from 'puppeteer-core'
import { WebSocketServer } from 'ws'
import { report } from './support.cjs'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } })
server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
await once(server, 'listening')

const browser = await puppeteer.launch({
  executablePath: process.argv[2],
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  const printed = new Promise((resolve) => page.once('console', (message) => resolve(message.text())))
  await page.setContent('<title>Driven</title><p>Hello</p>')
  await page.evaluate(() => console.log('printed'))
  const title = await page.title()
  // A large answer, which a browser sends in one message.
  const long = await page.evaluate(() => 'é'.repeat(2_000_000))
  const picture = await page.screenshot({ type: 'png' })
  const echo = await page.evaluate(
    (url) =>
      new Promise((resolve, reject) => {
        const said = []
        const socket = new WebSocket(url)
        socket.binaryType = 'arraybuffer'
        socket.onopen = () => {
          said.push(socket.extensions)
          socket.send('text')
          socket.send(new Uint8Array(100_000).fill(7))
        }
        socket.onmessage = ({ data }) => {
          said.push(typeof data === 'string' ? data : data.byteLength)
          if (typeof data !== 'string') socket.close(4000, 'enough')
        }
        socket.onclose = ({ code, reason, wasClean }) => resolve([...said, code, reason, wasClean])
        socket.onerror = reject
      }),
    `ws://127.0.0.1:${server.address().port}`,
  )
  report({
    overWebSocket: browser.wsEndpoint().startsWith('ws://127.0.0.1:'),
    title,
    printed: await printed,
    long: [long.length, long === 'é'.repeat(2_000_000)],
    picture: Buffer.from(picture.subarray(1, 4)).toString(),
    echo,
  })
} finally {
  await browser.close()
  server.close()
}
