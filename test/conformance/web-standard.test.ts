// Interoperation with the WebSocket of the web standard: that of Node, and that of Chromium.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { openPage } from '../support/chromium.ts'
import { startEchoServer } from '../support/echo.ts'
import { chromium, needs, otherNode, run, testFile } from '../support/programs.ts'

for (const version of [22, 24] as const) {
  const node = otherNode(version)
  test(`our server talks to the global WebSocket of Node ${version}`, needs(node, `Node ${version}`), async () => {
    await using server = await startEchoServer()
    const { stdout, stderr } = await run(node!, [testFile('conformance', 'peers', 'node-client.js'), server.url])
    assert.equal(stdout.trim(), 'OK', stderr)
  })
}

test('our server talks to Chromium, with a page from the same origin', needs(chromium, 'Chromium'), async (t) => {
  let report: (result: string) => void
  const reported = new Promise<string>((resolve) => {
    report = resolve
  })
  const http = createServer((request, response) => {
    if (request.url === '/client.js') {
      response.setHeader('Content-Type', 'text/javascript')
      response.end(readFileSync(testFile('conformance', 'peers', 'web-client.js')))
    } else if (request.url === '/report') {
      let body = ''
      request.on('data', (text) => {
        body += text
      })
      request.on('end', () => {
        response.end()
        report(body)
      })
    } else {
      response.setHeader('Content-Type', 'text/html')
      response.end(`<!doctype html><script type="module">
        import { talk } from '/client.js'
        const url = 'ws://' + location.host + '/socket'
        const result = await talk(url, ${4 * 1024 * 1024}).catch((error) => [String(error)])
        await fetch('/report', { method: 'POST', body: JSON.stringify(result) })
      </script>`)
    }
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  await using _server = await startEchoServer({ server: http, path: '/socket' })
  const { port } = http.address() as AddressInfo
  const { failed } = await openPage(t, `http://127.0.0.1:${port}/`)
  assert.deepEqual(JSON.parse(await Promise.race([reported, failed])), [])
})
