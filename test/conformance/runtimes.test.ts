// Our client on each runtime with our server on each runtime, plain and by TLS: the same files everywhere.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bun, deno, needs, otherNode, run } from '../support/programs.ts'

interface Runtime {
  readonly name: string
  readonly program: string | undefined
  readonly args?: readonly string[]
}

const RUNTIMES: readonly Runtime[] = [
  { name: 'this Node', program: process.execPath },
  { name: 'Node 22', program: otherNode(22) },
  { name: 'Node 24', program: otherNode(24) },
  { name: 'Bun', program: bun },
  { name: 'Deno', program: deno, args: ['run', '--allow-all'] },
]

const STORY = [
  'agreed on permessage-deflate',
  'text came back',
  'no text came back',
  'bytes came back',
  'no bytes came back',
  'text to compress came back',
  'bytes to compress came back',
  'a MiB of text came back',
  'a MiB of bytes came back',
  'a pong came',
  '4000 , clean, local',
  '4001 as you wish, clean, remote',
  '1006 , not clean, remote',
  '1006 , not clean, local',
  'server: 1006 , not clean, local',
  'server: 1006 , not clean, remote',
  'server: 4000 done, clean, remote',
  'server: 4001 , clean, local',
]

const serverFile = fileURLToPath(new URL('../support/meeting-server.js', import.meta.url))
const clientFile = fileURLToPath(new URL('../support/meeting-client.js', import.meta.url))

const children: ChildProcess[] = []
const addresses = new Map<string, readonly string[]>()
const stories = new Map<string, Readonly<Record<string, readonly string[]>>>()

before(async () => {
  for (const { name, program, args = [] } of RUNTIMES) {
    if (program === undefined) continue
    const child = spawn(program, [...args, serverFile], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const [line] = await once(child.stdout!, 'data')
    addresses.set(name, JSON.parse(String(line)))
  }
  for (const { name, program, args = [] } of RUNTIMES) {
    if (program === undefined) continue
    const path = name.replace(' ', '-')
    const { stdout, stderr } = await run(program, [...args, clientFile, path, ...[...addresses.values()].flat()])
    stories.set(name, stdout === '' ? { [path]: [stderr] } : JSON.parse(stdout))
  }
})

after(() => {
  for (const child of children) child.kill('SIGKILL')
})

for (const client of RUNTIMES) {
  for (const server of RUNTIMES) {
    const missing = [client, server].find(({ program }) => program === undefined) ?? client
    test(`the client on ${client.name} and the server on ${server.name}`, needs(missing.program, missing.name), () => {
      const told = stories.get(client.name)!
      const [plain, secure] = addresses.get(server.name)!
      for (const url of [plain!, secure!]) assert.deepEqual(told[url] ?? Object.values(told)[0], STORY, url)
    })
  }
}
