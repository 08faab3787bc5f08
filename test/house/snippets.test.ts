// Every JavaScript block of every page runs, as a program that a reader could copy. A block that begins with
// `// server.mjs` goes on running for the blocks after it on the same page; one that begins with `// clients.mjs` is for
// every server of its page, and runs again with those that come after it.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { certificate, key } from '../support/certificate.ts'
import { ROOT, run } from '../support/programs.ts'

const PAGES = [
  ...readdirSync(ROOT).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
].sort()

// Below the package's own root, so that `wspc` is found as by a user.
const directory = join(ROOT, 'dist', 'snippets')
mkdirSync(directory, { recursive: true })
// What a reader has in the working directory.
writeFileSync(join(directory, 'key.pem'), key)
writeFileSync(join(directory, 'cert.pem'), certificate)

function snippetsOf(page: string): string[] {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

for (const page of PAGES) {
  const snippets = snippetsOf(page)
  if (snippets.length === 0) continue
  test(`the ${snippets.length} programs of ${page} run`, async () => {
    const port = String(await freePort())
    let server: ChildProcess | undefined
    let clients: string | undefined
    const runs = async (file: string): Promise<void> => {
      const { code, stderr } = await run(process.execPath, [file], directory)
      assert.equal(code, 0, `${file} failed: ${stderr}`)
    }
    try {
      for (const [index, snippet] of snippets.entries()) {
        const file = join(directory, `${page.replaceAll(/[^a-z]/gi, '-')}-${index + 1}.mjs`)
        writeFileSync(file, snippet.replaceAll('8080', port))
        if (snippet.startsWith('// server.mjs')) {
          if (server?.kill()) await once(server, 'exit')
          server = spawn(process.execPath, [file], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
          await once(server.stdout!, 'data') // it says where it listens
          if (clients !== undefined) await runs(clients)
        } else {
          if (snippet.startsWith('// clients.mjs')) clients = file
          await runs(file)
        }
      }
    } finally {
      server?.kill()
    }
  })
}

test('no page names a language for a block that would run under another name', () => {
  for (const page of PAGES) {
    const languages = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```(\S+)$/gm)].map(
      ([, language]) => language,
    )
    for (const language of languages) assert.ok(['js', 'sh', 'text', 'ts'].includes(language!), `${page}: ${language}`)
  }
})

test('every link between pages leads to a page', () => {
  for (const page of PAGES) {
    for (const [, target] of readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      assert.doesNotThrow(() => readFileSync(join(ROOT, page, '..', target!)), `${page} links to ${target}`)
    }
  }
})
