// What all connections have put off to the end of the turn: it takes one callback of the runtime, however many they are.

import { outsideContext } from './async-context.ts'

export class TurnEnd {
  #callbacks: (() => void)[] = []
  readonly #run = (): void => this.#runAll()
  // Once the microtasks of the turn are through, so that all that an `await` in between sends is there. By itself, `nextTick`
  // comes before them.
  readonly #schedule = (): void => process.nextTick(this.#run)

  add(callback: () => void): void {
    if (this.#callbacks.push(callback) === 1) outsideContext(queueMicrotask, this.#schedule)
  }

  #runAll(): void {
    const callbacks = this.#callbacks
    this.#callbacks = []
    let done = 0
    try {
      for (; done < callbacks.length; done++) callbacks[done]!()
    } finally {
      // What one throws is not for the others to miss.
      for (const callback of callbacks.slice(done + 1)) this.add(callback)
    }
  }
}
