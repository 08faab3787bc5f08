// Interoperation with Python's `websockets`, in both roles.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { startEchoServer, talkToEchoServer } from '../support/echo.ts'
import { needs, python, run, testFile } from '../support/programs.ts'

test('our server talks to a client of Python websockets', needs(python, 'python3-websockets'), async () => {
  await using server = await startEchoServer()
  const { stdout, stderr } = await run(python!, [testFile('conformance', 'peers', 'echo_client.py'), server.url])
  assert.equal(stdout.trim(), 'OK', stderr)
})

test('our client talks to a server of Python websockets', needs(python, 'python3-websockets'), async () => {
  const child = spawn(python!, [testFile('conformance', 'peers', 'echo_server.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const [port] = await once(child.stdout, 'data')
    await talkToEchoServer(`ws://127.0.0.1:${String(port).trim()}/`)
  } finally {
    child.kill()
  }
})
