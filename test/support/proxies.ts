// nginx and HAProxy as child processes, on ports of their own and without any right that a test has not. How they are
// configured is read from the page that tells users how to.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { certificate, key } from './certificate.ts'
import { haproxy, nginx, ROOT } from './programs.ts'

export type ProxyName = 'nginx' | 'haproxy'

export interface RunningProxy {
  /** Where it takes plain connections, as `host:port`. */
  readonly plain: string
  /** Where it takes TLS connections. */
  readonly secure: string
}

export const PAGE = join(ROOT, 'docs', 'guide', 'behind-a-proxy.md')

/** How long a proxy bears a quiet connection, where a test asks for that. */
export const QUIET_MS = 2_000

const TRIES = 3 // somebody else may take a port that was free

/** A proxy in front of a port of this machine, until the test is over. With `impatient` it bears quiet for `QUIET_MS`. */
export async function proxied(
  t: TestContext,
  name: ProxyName,
  port: number,
  options: { impatient?: boolean } = {},
): Promise<RunningProxy> {
  const directory = mkdtempSync(join(tmpdir(), `wspc-${name}-`))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (let tries = 1; ; tries++) {
    const [plain, secure] = await freePorts()
    const ports = { plain, secure, upstream: port }
    const configuration = configurationOf(name, ports, directory, options.impatient === true)
    const child = start(name, directory, configuration)
    t.after(() => stop(child.process))
    if (await child.listens([plain, secure])) return { plain: `127.0.0.1:${plain}`, secure: `127.0.0.1:${secure}` }
    if (tries === TRIES) throw new Error(`${name} does not start: ${child.said()}`)
  }
}

interface Ports {
  readonly plain: number
  readonly secure: number
  readonly upstream: number
}

/** The block of the page, with the ports, files and times of the test in it. */
function configurationOf(name: ProxyName, ports: Ports, directory: string, impatient: boolean): string {
  const page = readFileSync(PAGE, 'utf8')
  let block = [...page.matchAll(/^```text\n(.*?)^```$/gms)].map(([, text]) => text!).find((text) => text.includes(name))
  if (block === undefined) throw new Error(`The page has no configuration of ${name}`)
  writeFileSync(join(directory, 'example.org.crt'), certificate)
  writeFileSync(join(directory, 'example.org.key'), key)
  writeFileSync(join(directory, 'example.org.pem'), certificate + key)
  const changes: readonly (readonly [from: string, to: string])[] = [
    [name === 'nginx' ? 'listen 80;' : 'bind :80', place(name, ports.plain)],
    [name === 'nginx' ? 'listen 443 ssl;' : 'bind :443 ssl', place(name, ports.secure, ' ssl')],
    ['127.0.0.1:8080', `127.0.0.1:${ports.upstream}`],
    ['/etc/ssl/', `${directory}/`],
    ...(impatient ? [[' 60s', ` ${QUIET_MS}ms`] as const] : []),
  ]
  for (const [from, to] of changes) {
    if (!block.includes(from)) throw new Error(`The configuration of ${name} has no ${from}`)
    block = block.replaceAll(from, to)
  }
  return name === 'haproxy' ? block : nginxFile(directory, block)
}

function place(name: ProxyName, port: number, more = ''): string {
  return name === 'nginx' ? `listen 127.0.0.1:${port}${more};` : `bind 127.0.0.1:${port}${more}`
}

/** What the block of the page is inside of: one process, which writes nowhere but into its own directory. */
function nginxFile(directory: string, server: string): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (what) => `${what}_temp_path ${directory}/${what};`,
  )
  return `
    daemon off;
    master_process off;
    pid ${directory}/pid;
    error_log stderr warn;
    events { }
    http {
      access_log off;
      ${folders.join('\n')}
      ${server}
    }`
}

interface Started {
  readonly process: ChildProcess
  said(): string
  /** Waits until it listens on all of these ports. @returns `false` when it has ended instead. */
  listens(ports: readonly number[]): Promise<boolean>
}

function start(name: ProxyName, directory: string, configuration: string): Started {
  const file = join(directory, `${name}.conf`)
  writeFileSync(file, configuration)
  const child =
    name === 'nginx'
      ? spawn(nginx!, ['-p', directory, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
      : spawn(haproxy!, ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.on('error', (error) => {
    said += error.message
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const hasEnded = (): boolean => child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  return {
    process: child,
    said: () => said,
    async listens(ports) {
      for (const port of ports) {
        while (!hasEnded() && !(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return !hasEnded()
    },
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Two ports that nobody listens on, different ones. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports: number[] = []
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
  }
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports as [number, number]
}
