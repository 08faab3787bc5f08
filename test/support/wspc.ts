// The program `wspc` as a child process, from the compiled output.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The program as a file for Node. */
export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface Program {
  readonly child: ChildProcessWithoutNullStreams
  readonly stdout: string
  readonly stderr: string
  /** Waits for the first line on standard output; without the line end. */
  firstLine(): Promise<string>
  /** Waits until standard output has this. */
  says(text: string): Promise<void>
  /** Waits for the end: the exit code, or the signal. */
  readonly ended: Promise<number | string>
}

export function wspc(...args: string[]): Program {
  const child = spawn(process.execPath, [MAIN, ...args])
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  const until = async (condition: () => boolean): Promise<void> => {
    let over = false
    void ended.then(() => {
      over = true
    })
    while (!condition()) {
      if (over) throw new Error(`The program has ended; it said ${stdout} and ${stderr}`)
      await Promise.race([once(child.stdout, 'data'), ended])
    }
  }
  return {
    child,
    get stdout() {
      return stdout
    },
    get stderr() {
      return stderr
    },
    async firstLine() {
      await until(() => stdout.includes('\n'))
      return stdout.slice(0, stdout.indexOf('\n'))
    },
    says: (text) => until(() => stdout.includes(text)),
    ended,
  }
}
