// Python's `websockets` as a subject, in a process of its own that takes one stream a line. It tells what it read in chunks, and
// not where in them it found something.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { testFile } from '../support/programs.ts'
import { hex } from '../support/wire.ts'
import { answersIn, chunksOf, type Outcome, type Subject, type Told } from './outcome.ts'

interface Answer {
  readonly told: ReadonlyArray<readonly [kind: Told['kind'], payload: string]>
  readonly written: string
  readonly end: readonly [verdict: Outcome['verdict'], code: number, reason: string, error: string]
}

export interface WebsocketsPeer {
  readonly subject: Subject
  close(): void
}

export function startWebsockets(python: string): WebsocketsPeer {
  const child = spawn(python, [testFile('differential', 'websockets_peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: Array<(outcome: Outcome) => void> = []
  createInterface(child.stdout).on('line', (line) => waiting.shift()!(readAnswer(JSON.parse(line) as Answer)))
  return {
    subject: (stream) => {
      const { role, maxMessageBytes, deflate } = stream
      const chunks = chunksOf(stream).map((chunk) => chunk.toString('hex'))
      child.stdin.write(`${JSON.stringify({ role, maxMessageBytes, deflate, chunks })}\n`)
      return new Promise((resolve) => waiting.push(resolve))
    },
    close: () => child.stdin.end(),
  }
}

function readAnswer({ told, written, end: [verdict, code, reason, error] }: Answer): Outcome {
  return {
    told: told.map(([kind, payload]) => ({ kind, payload: hex(payload) })),
    answers: answersIn(hex(written)),
    verdict,
    code,
    reason,
    at: Number.NaN,
    error,
  }
}
