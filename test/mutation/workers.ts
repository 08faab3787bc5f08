// Processes that run tests, each given one task at a time; one that hangs or dies is replaced.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Survey, SurveyResult, Task, Try, TryResult } from './worker.ts'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))

/** Only what stops without turning a loop of its own, such as a wait, comes to this; the machine may be busy. */
const TRY_TIMEOUT_MS = 10_000
const SURVEY_TIMEOUT_MS = 240_000

export class Workers {
  readonly #idle: ChildProcess[] = []

  async survey(task: Survey): Promise<SurveyResult> {
    const answer = await this.#ask(task, SURVEY_TIMEOUT_MS)
    if (typeof answer === 'string') throw new Error(`${task.file}: ${answer}`)
    return answer as SurveyResult
  }

  async try(task: Try, expectedMs: number): Promise<TryResult> {
    const answer = await this.#ask(task, TRY_TIMEOUT_MS + 10 * expectedMs)
    return typeof answer === 'string' ? { killedBy: 'the process', failure: answer } : (answer as TryResult)
  }

  end(): void {
    for (const child of this.#idle.splice(0)) child.disconnect()
  }

  /** @returns what the process answered, or what became of it. */
  #ask(task: Task, timeoutMs: number): Promise<unknown> {
    const child = this.#idle.pop() ?? start()
    return new Promise((resolve) => {
      const settle = (answer: unknown) => {
        clearTimeout(timer)
        child.removeAllListeners()
        resolve(answer)
      }
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        settle(`no answer within ${timeoutMs} ms`)
      }, timeoutMs)
      child.on('message', ({ result, isFull }: { result: unknown; isFull: boolean }) => {
        if (!isFull) this.#idle.push(child)
        settle(result)
      })
      child.on('exit', (code, signal) => settle(`ended with ${signal ?? code}`))
      child.send(task)
    })
  }
}

function start(): ChildProcess {
  return fork(WORKER, {
    execArgv: ['--experimental-vm-modules', '--no-warnings', '--expose-gc', '--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
  })
}
