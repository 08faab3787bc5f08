// The command line, read: what was asked for, or why it cannot be.

import { parseArgs } from 'node:util'

export const USAGE = `Usage:
  wspc serve [--port N] [--host H] [--deflate] [--max-message-bytes N] [--max-message-fragments N]
      Starts an echo server and prints its URL. Without --port it takes a free port. With --deflate messages are
      compressed where the client offers it.
  wspc connect URL
      Sends lines from standard input as text and prints what arrives, one message a line.
  wspc --help, wspc --version

Exit codes: 0 closed normally, 1 wrong usage, 2 could not connect or was refused, 3 closed abnormally or failed.
`

/** What the program is asked to do. */
export type Command =
  | ServeCommand
  | { readonly name: 'connect'; readonly url: string }
  | { readonly name: 'help' }
  | { readonly name: 'version' }

/** Starts an echo server. */
export interface ServeCommand {
  readonly name: 'serve'
  readonly port: number
  readonly host: string | undefined
  readonly deflate: boolean
  readonly limits: MessageLimits
}

export interface MessageLimits {
  readonly maxMessageBytes?: number
  readonly maxMessageFragments?: number
}

/** The command line is not one of ours; the message says what is wrong with it. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseCommand(args: readonly string[]): Command {
  const [name, ...rest] = args
  if (name === undefined) throw new UsageError('No command given')
  if (name === 'help' || args.includes('--help') || args.includes('-h')) return { name: 'help' }
  if (name === '--version') return { name: 'version' }
  if (name === 'serve') return parseServe(rest)
  if (name === 'connect') return parseConnect(rest)
  throw new UsageError(`Unknown command ${name}`)
}

function parseServe(args: string[]): Command {
  const { values } = read(() =>
    parseArgs({
      args,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        deflate: { type: 'boolean' },
        'max-message-bytes': { type: 'string' },
        'max-message-fragments': { type: 'string' },
      },
    }),
  )
  const maxMessageBytes = parseNumber('--max-message-bytes', values['max-message-bytes'], 0)
  const maxMessageFragments = parseNumber('--max-message-fragments', values['max-message-fragments'], 1)
  return {
    name: 'serve',
    port: parseNumber('--port', values.port, 0, 65_535) ?? 0,
    host: values.host,
    deflate: values.deflate === true,
    limits: {
      ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
      ...(maxMessageFragments === undefined ? {} : { maxMessageFragments }),
    },
  }
}

function parseConnect(args: string[]): Command {
  const { positionals } = read(() => parseArgs({ args, options: {}, allowPositionals: true }))
  const [url] = positionals
  if (url === undefined || positionals.length > 1) throw new UsageError('wspc connect takes one URL')
  if (!URL.canParse(url) || !/^(?:wss?|https?):$/.test(new URL(url).protocol)) {
    throw new UsageError('The URL does not begin with ws:// or wss://')
  }
  return { name: 'connect', url }
}

/** What Node's parser refuses is wrong usage. */
function read<Result>(parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function parseNumber(option: string, text: string | undefined, least: number, most = Number.MAX_SAFE_INTEGER) {
  if (text === undefined) return undefined
  if (text === 'Infinity' && most === Number.MAX_SAFE_INTEGER) return Number.POSITIVE_INFINITY
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`
  if (!(value >= least && value <= most)) throw new UsageError(`${option} takes a whole number from ${range}`)
  return value
}
