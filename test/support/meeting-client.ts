// A program: our client, on whatever runtime runs it. Talks to the servers that it is told, and prints what happened.

import { type CloseInfo, type Connection, connect } from '../../src/node.ts'
import { certificate } from './certificate.ts'
import { assertSame, bytesOf, MIB } from './echo.ts'

const [name = '', ...urls] = process.argv.slice(2)

const PAYLOADS: readonly (readonly [title: string, payload: string | Uint8Array])[] = [
  ['text', 'héllo € 😀'],
  ['no text', ''],
  ['bytes', bytesOf(1_000)],
  ['no bytes', new Uint8Array(0)],
  ['text to compress', 'compress me '.repeat(5_000)],
  ['bytes to compress', new Uint8Array(100_000)],
  ['a MiB of text', 'é'.repeat(MIB / 2)],
  ['a MiB of bytes', bytesOf(MIB)],
]

const stories: Record<string, string[]> = {}
for (const url of urls) stories[url] = await story(url).catch((error) => [String(error?.stack)])
console.log(JSON.stringify(stories))
process.exit()

async function story(url: string): Promise<string[]> {
  const told: string[] = []
  const path = `${name}-${url.slice(0, url.indexOf(':'))}`
  const open = (slash = ''): Promise<Connection> =>
    connect(`${url}${slash}${path}`, { deflate: true, tls: { ca: certificate }, limits: { maxMessageBytes: 2 * MIB } })

  const connection = await open()
  told.push(`agreed on ${connection.extensions.map((extension) => extension.name)}`)
  const messages = connection.messages()
  for (const [title, payload] of PAYLOADS) {
    await connection.send(payload)
    assertSame((await messages.next()).value, payload)
    told.push(`${title} came back`)
  }
  if ((await connection.ping()) >= 0) told.push('a pong came')
  told.push(ending(await connection.close(4000, 'done')))

  const told4001 = await open()
  await told4001.send('close me')
  told.push(ending(await told4001.closed))

  const aborted = await open()
  await aborted.send('abort me')
  told.push(ending(await aborted.closed))

  const aborting = await open()
  aborting.terminate()
  told.push(ending(await aborting.closed))

  const asking = await open('/')
  const answers = asking.messages()
  let endings: CloseInfo[] = []
  while (endings.length < 4) {
    await asking.send('endings')
    endings = JSON.parse((await answers.next()).value as string)
  }
  asking.terminate()
  return [...told, ...endings.map((info) => `server: ${ending(info)}`).sort()]
}

function ending({ code, reason, wasClean, initiator }: CloseInfo): string {
  return `${code} ${reason}, ${wasClean ? 'clean' : 'not clean'}, ${initiator}`
}
