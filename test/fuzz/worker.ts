// Runs the loop for one target in a thread of its own. The input of each execution lies in memory that is shared, so that
// it is known whatever becomes of the thread.

import { parentPort, workerData } from 'node:worker_threads'
import type { Counters } from './instrumented-copy.ts'
import { fuzzLoop, type LoopOptions } from './loop.ts'
import type { FuzzTarget } from './target.ts'

export interface WorkerTask {
  readonly countersUrl: string
  readonly targetUrl: string
  readonly options: Omit<LoopOptions, 'onExecution'>
  readonly shared: SharedInput
}

/** The input that is being executed. */
export interface SharedInput {
  /** How many executions began, and the length of the input of the last. */
  readonly state: Int32Array
  readonly bytes: Uint8Array
}

const { countersUrl, targetUrl, options, shared } = workerData as WorkerTask
const counters = (await import(countersUrl)) as Counters
const target = (await import(targetUrl)) as FuzzTarget

const result = await fuzzLoop(target, counters, {
  ...options,
  onExecution(input) {
    shared.bytes.set(input)
    shared.state[1] = input.length
    Atomics.add(shared.state, 0, 1)
  },
})
parentPort!.postMessage(result)
