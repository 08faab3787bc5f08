// Memory as it is after a collection, for tests that bound it.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const sleeper = new Int32Array(new SharedArrayBuffer(4))
const collect = collector()

function collector(): () => void {
  const { Bun: bun } = globalThis as { Bun?: { gc(wait: boolean): void } }
  if (bun !== undefined) return () => bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** Bytes of memory that buffers hold and something still refers to. */
export function liveBufferBytes(): number {
  let bytes = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    collect()
    Atomics.wait(sleeper, 0, 0, 2) // what was found to be free is freed by another thread
    bytes = Math.min(bytes, process.memoryUsage().arrayBuffers)
  }
  return bytes
}

/** Bytes of the heap that something refers to. */
export function liveHeapBytes(): number {
  let bytes = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    collect()
    bytes = Math.min(bytes, process.memoryUsage().heapUsed)
  }
  return bytes
}

/** Whether all that is behind the references can be collected; they must have been made in an earlier turn. */
export async function areCollected(references: readonly WeakRef<object>[]): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  return references.every((reference) => reference.deref() === undefined)
}
