// One target, fuzzed in a thread that is watched: a call that never ends, and a heap that is full, are findings, too.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { InstrumentedCopy } from './instrumented-copy.ts'
import type { Finding, LoopOptions, LoopResult } from './loop.ts'
import type { SharedInput, WorkerTask } from './worker.ts'

export interface CampaignOptions extends Omit<LoopOptions, 'onExecution'> {
  /** How long a single execution may take before it is stopped. Default 10,000. */
  readonly hangMs?: number
  /** How large the heap may get before the thread is stopped. Default 512. */
  readonly heapMib?: number
}

export interface CampaignResult extends LoopResult {
  readonly seconds: number
}

const MOST_INPUT_BYTES = 65_536
const DEFAULT_HEAP_MIB = 512
const DEFAULT_HANG_MS = 10_000

/** @param module The module of the target, below `dist/`. */
export async function campaign(
  copy: InstrumentedCopy,
  module: string,
  { hangMs = DEFAULT_HANG_MS, heapMib = DEFAULT_HEAP_MIB, ...options }: CampaignOptions,
): Promise<CampaignResult> {
  const shared: SharedInput = {
    state: new Int32Array(new SharedArrayBuffer(8)),
    bytes: new Uint8Array(new SharedArrayBuffer(MOST_INPUT_BYTES)),
  }
  const task: WorkerTask = { countersUrl: copy.countersUrl, targetUrl: copy.urlOf(module), options, shared }
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMib },
  })
  const start = performance.now()
  const seconds = () => (performance.now() - start) / 1_000
  const lost = (kind: Finding['kind'], text: string): CampaignResult => {
    const input = shared.bytes.slice(0, shared.state[1])
    const finding = { kind, text, input }
    return { executions: shared.state[0]!, places: 0, corpus: [], finding, seconds: seconds() }
  }
  const watch = new StallWatch(shared, hangMs)
  try {
    return await Promise.race([
      once(worker, 'message').then(([result]) => ({ ...(result as LoopResult), seconds: seconds() })),
      watch.stalled.then(() => lost('hang', `A call has not ended for ${hangMs} ms`)),
    ])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error
    return lost('growth', `The heap is full: ${heapMib} MiB`)
  } finally {
    watch.stop()
    await worker.terminate()
  }
}

/** Looks again and again whether another execution has begun. Before the first, modules are loaded. */
class StallWatch {
  /** Settles once none has begun for as long. */
  readonly stalled: Promise<void>
  #timer: NodeJS.Timeout | undefined

  constructor({ state }: SharedInput, hangMs: number) {
    let last = 0
    let since = performance.now()
    this.stalled = new Promise((resolve) => {
      this.#timer = setInterval(() => {
        const current = Atomics.load(state, 0)
        if (current !== last || current === 0) since = performance.now()
        else if (performance.now() - since > hangMs) resolve()
        last = current
      }, hangMs / 8)
    })
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
