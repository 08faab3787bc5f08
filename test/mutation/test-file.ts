// Runs the tests of a file one by one, in the process at hand: what `node:test` is to a module that this loads. It has
// what the tests of this project use, and nothing more: `test`, `describe`, `before`, `after`, `mock`, and of the context
// `after`, `diagnostic` and `mock.method`.

import { mock } from 'node:test'

type Step = () => unknown

interface Context {
  readonly name: string
  readonly mock: typeof mock
  after(step: Step): void
  diagnostic(message: string): void
}

type TestFunction = (context: Context) => unknown

interface Options {
  readonly skip?: boolean | string | undefined
}

interface Test {
  readonly name: string
  readonly fn: TestFunction
}

export class TestFile {
  readonly tests: Test[] = []
  readonly #before: Step[] = []
  readonly #after: Step[] = []
  readonly #groups: string[] = []

  /** What stands for `node:test`. */
  readonly nodeTest: Record<string, unknown>

  constructor() {
    const test = (...args: unknown[]) => this.#add(...readArguments<TestFunction>(args))
    const describe = (...args: unknown[]) => {
      const [name, options, fn] = readArguments<Step>(args)
      if (options.skip !== undefined && options.skip !== false) return
      this.#groups.push(name)
      fn()
      this.#groups.pop()
    }
    const before = (step: Step) => this.#before.push(step)
    const after = (step: Step) => this.#after.push(step)
    this.nodeTest = { test, describe, before, after, mock, default: test }
  }

  async begin(): Promise<void> {
    for (const step of this.#before) await step()
  }

  async end(): Promise<void> {
    for (const step of this.#after) await step()
  }

  /** Rejects when the test fails. */
  async run(test: Test): Promise<void> {
    const steps: Step[] = []
    try {
      await test.fn({ name: test.name, mock, after: (step) => void steps.push(step), diagnostic: () => {} })
    } finally {
      for (const step of steps) await step()
      mock.reset()
    }
  }

  #add(name: string, options: Options, fn: TestFunction): void {
    if (options.skip !== undefined && options.skip !== false) return
    this.tests.push({ name: [...this.#groups, name].join(' > '), fn })
  }
}

function readArguments<F>(args: readonly unknown[]): [name: string, options: Options, fn: F] {
  const fn = args.find((arg) => typeof arg === 'function')
  const name = args.find((arg) => typeof arg === 'string') ?? '(no name)'
  const options = args.find((arg) => typeof arg === 'object') ?? {}
  return [name as string, options as Options, fn as F]
}
