// A process of its own that does what its parent tells it, and answers: both ends of it.

import { type ChildProcess, fork } from 'node:child_process'

interface Order {
  readonly id: number
  readonly order: string
  readonly details: unknown
}

interface Reply {
  readonly id: number
  readonly answer?: unknown
  readonly error?: string
}

interface Waiter {
  resolve(answer: never): void
  reject(error: Error): void
}

/** A process that obeys such orders; it ends with the block that it is used in. */
export class OrderedProcess<Orders, Answers extends Record<keyof Orders, unknown>> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiter>()
  #orders = 0

  /** @param program The path of a program that calls `obey`. */
  constructor(program: string) {
    this.#child = fork(program, { serialization: 'advanced' })
    this.#child.on('message', ({ id, answer, error }: Reply) => {
      const waiter = this.#waiting.get(id)!
      this.#waiting.delete(id)
      if (error === undefined) waiter.resolve(answer as never)
      else waiter.reject(new Error(error))
    })
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The process ended: ${code ?? signal}`))
    })
  }

  tell<Name extends keyof Orders & string>(order: Name, details: Orders[Name]): Promise<Answers[Name]> {
    const id = this.#orders++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, order, details } satisfies Order)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** The other end: a program that does what it is told, and ends with its parent. */
export function obey<Orders, Answers extends Record<keyof Orders, unknown>>(
  obedience: {
    [Name in keyof Orders]: (details: Orders[Name]) => Promise<Answers[Name]> | Answers[Name]
  },
): void {
  process.on('message', async ({ id, order, details }: Order) => {
    try {
      const answer = await obedience[order as keyof Orders](details as never)
      process.send!({ id, answer } satisfies Reply)
    } catch (error) {
      process.send!({ id, error: String(error) } satisfies Reply)
    }
  })
  process.on('disconnect', () => process.exit())
}
