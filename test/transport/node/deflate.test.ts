// DEFLATE by zlib, against the contract; which runtimes are found not to have it, and what they get instead.

import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import { test } from 'node:test'
import { createDeflateRaw, createInflateRaw } from 'node:zlib'
import { DeflateDataError, type DeflatePort, type DeflateStream } from '../../../src/extension/index.ts'
import { nodeDeflate, preferZlib, type ZlibStreams, zlibDeflate } from '../../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../../src/transport/web/deflate.ts'
import { assertSameBytes, dataOf, deflateAll, deflatePortContract, inflateAll } from '../../contract/deflate-port.ts'
import { areCollected } from '../../support/memory.ts'
import { hex } from '../../support/wire.ts'

const zlib = zlibDeflate()
assert.ok(zlib, 'this Node has zlib')

deflatePortContract('zlib', zlib)

test('the DEFLATE of this Node is that of zlib', () => {
  const streams = [zlib, nodeDeflate, portableDeflate].map((port) => port.createInflater(15))
  const [zlibStream, nodeStream, portableStream] = streams.map((stream) => stream.constructor)
  assert.equal(nodeStream, zlibStream)
  assert.notEqual(nodeStream, portableStream)
  for (const stream of streams) stream.close()
})

for (const [from, to, deflating, inflating] of [
  ['zlib', 'the portable DEFLATE', zlib, portableDeflate],
  ['the portable DEFLATE', 'zlib', portableDeflate, zlib],
] as const) {
  test(`what ${from} deflates, ${to} inflates, from one message to the next`, () => {
    for (const windowBits of [9, 12, 15]) {
      for (const compressionLevel of [0, 1, 6, 9]) {
        const deflater = deflating.createDeflater({ windowBits, memoryLevel: 8, compressionLevel })
        const inflater = inflating.createInflater(windowBits)
        for (const kind of ['JSON', 'text', 'random', 'zeros', 'JSON'] as const) {
          for (const length of [1, 500, 70_000]) {
            const data = dataOf(kind, length)
            const output = inflateAll(inflater, deflateAll(deflater, data), { room: 1009 })
            assertSameBytes(output, data, `${length} bytes of ${kind}, ${windowBits} bits, level ${compressionLevel}`)
          }
        }
        deflater.close()
        inflater.close()
      }
    }
  })
}

interface Handle {
  onerror: (message: string, errorNumber: number, code: string) => void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
  reset(): void
  close(): void
}

interface Stream {
  _handle: Handle
  _writeState: Uint32Array
  close(): void
}

/** zlib's streams, with something changed about each. */
function changed(change: (stream: Stream, handle: Handle, direction: 'deflate' | 'inflate') => object): ZlibStreams {
  const apply = (stream: object, direction: 'deflate' | 'inflate'): object => {
    const { _handle: handle, _writeState } = stream as Stream
    const plain: Handle = {
      set onerror(listener: Handle['onerror']) {
        handle.onerror = listener
      },
      writeSync: (...step) => handle.writeSync(...step),
      reset: () => handle.reset(),
      close: () => handle.close(),
    }
    return change({ _handle: plain, _writeState, close: () => (stream as Stream).close() }, plain, direction)
  }
  return {
    createDeflateRaw: (options) => apply(createDeflateRaw(options), 'deflate'),
    createInflateRaw: (options) => apply(createInflateRaw(options), 'inflate'),
  }
}

/** zlib's streams, whose handles step in another way. */
function stepping(
  step: (writeSync: Handle['writeSync'], step: Parameters<Handle['writeSync']>, left: Uint32Array) => void,
): ZlibStreams {
  return changed((stream, handle) => {
    const { writeSync } = handle
    handle.writeSync = (...given) => step(writeSync, given, stream._writeState)
    return stream
  })
}

const NO_FLUSH = 0
const SYNC_FLUSH = 2
const BLOCK = 5

const OTHERS: ReadonlyArray<readonly [what: string, streams: ZlibStreams]> = [
  ['have no handle', changed((stream) => ({ ...stream, _handle: undefined }))],
  ['have no handle once they are made', changed((stream) => ({ ...stream, _handle: null }))],
  ['have another handle', changed((stream) => ({ ...stream, _handle: {} }))],
  ['do not say what is left', changed((stream) => ({ ...stream, _writeState: undefined }))],
  ['never say what is left', changed((stream) => ({ ...stream, _writeState: new Uint32Array(2) }))],
  [
    'say what is left the other way round',
    stepping((writeSync, step, left) => {
      writeSync(...step)
      left.reverse()
    }),
  ],
  [
    'do not flush',
    stepping((writeSync, [flush, ...step]) => writeSync(flush === SYNC_FLUSH ? NO_FLUSH : flush, ...step)),
  ],
  [
    'do not stop at the end of a block',
    stepping((writeSync, [flush, ...step]) => writeSync(flush === BLOCK ? SYNC_FLUSH : flush, ...step)),
  ],
  [
    'write to the start of the memory',
    stepping((writeSync, [flush, input, from, length, output, , room]) =>
      writeSync(flush, input, from, length, output, 0, room),
    ),
  ],
  [
    'write to other memory',
    stepping((writeSync, [flush, input, from, length, output, at, room]) =>
      writeSync(flush, input, from, length, output.slice(), at, room),
    ),
  ],
  [
    'read from the start of the memory',
    stepping((writeSync, [flush, input, , length, output, at, room]) =>
      writeSync(flush, input, 0, length, output, at, room),
    ),
  ],
  [
    'write beyond the room',
    stepping((writeSync, [flush, input, from, length, output, at, room], left) => {
      const memory = new Uint8Array(output.buffer)
      const end = output.byteOffset + at + room
      writeSync(flush, input, from, length, output, at, room)
      if (left[0] === 0 && end < memory.length) memory[end] = 0xff
    }),
  ],
  [
    'never report an error',
    changed((stream, handle) => {
      handle.onerror = () => {}
      Object.defineProperty(handle, 'onerror', { set() {} })
      return stream
    }),
  ],
  [
    'report every error as another',
    changed((stream, handle) => {
      const set = Object.getOwnPropertyDescriptor(handle, 'onerror')!.set!
      Object.defineProperty(handle, 'onerror', {
        set(listener: Handle['onerror']) {
          set.call(handle, (message: string, _: number, code: string) => listener(message, -1, code))
        },
      })
      return stream
    }),
  ],
  [
    'cannot be reset while they deflate',
    changed((stream, handle, direction) => {
      if (direction === 'deflate') handle.reset = () => {}
      return stream
    }),
  ],
  [
    'cannot be reset while they inflate',
    changed((stream, handle, direction) => {
      if (direction === 'inflate') handle.reset = () => {}
      return stream
    }),
  ],
  [
    'cannot be reset after a final block',
    changed((stream, handle) => {
      const { reset, writeSync } = handle
      let hasEnded = false
      handle.writeSync = (...step) => {
        writeSync(...step)
        if (step[1][0] === 0x03) hasEnded = true
      }
      handle.reset = () => {
        if (!hasEnded) reset()
      }
      return stream
    }),
  ],
  [
    'throw when they are reset',
    changed((stream, handle) => {
      handle.reset = () => {
        throw new TypeError('No')
      }
      return stream
    }),
  ],
  [
    'forget what they deflated',
    changed((stream, handle, direction) => {
      const { reset, writeSync } = handle
      handle.writeSync = (...step) => {
        writeSync(...step)
        if (direction === 'deflate') reset()
      }
      return stream
    }),
  ],
  [
    'forget what they inflated',
    changed((stream, handle) => {
      const { reset, writeSync } = handle
      handle.writeSync = (...step) => {
        writeSync(...step)
        if (step[0] === BLOCK) reset()
      }
      return stream
    }),
  ],
  [
    'begin anew after a final block',
    stepping((writeSync, step, left) => {
      writeSync(...step)
      if (step[1][0] === 0x03) left[1] = 0
    }),
  ],
  [
    'take every message to be whole',
    stepping((writeSync, step, left) => {
      writeSync(...step)
      if (step[0] !== BLOCK) return
      left[0] = step[6]
      left[1] = 1
    }),
  ],
]

/** A port that only says who it is. */
const marker: DeflatePort = {
  createDeflater: () => ({ name: 'other' }) as unknown as DeflateStream,
  createInflater: () => ({ name: 'other' }) as unknown as DeflateStream,
}

for (const [what, streams] of OTHERS) {
  test(`where the streams of zlib ${what}, the other DEFLATE is used`, () => {
    assert.equal(zlibDeflate(streams), undefined)
    const port = preferZlib(streams, marker)
    assert.deepEqual(port.createInflater(15), { name: 'other' })
    assert.deepEqual(port.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 }), { name: 'other' })
  })
}

test('zlib is tried out once, when the first stream is created, and then preferred', () => {
  const made: string[] = []
  const streams: ZlibStreams = {
    createDeflateRaw(options) {
      made.push(`deflate ${options.chunkSize}`)
      return createDeflateRaw(options)
    },
    createInflateRaw(options) {
      made.push(`inflate ${options.chunkSize}`)
      return createInflateRaw(options)
    },
  }
  const port = preferZlib(streams, marker)
  assert.deepEqual(made, [])
  port.createInflater(15).close()
  assert.deepEqual(made, ['deflate 64', 'inflate 64', 'inflate 64'])
  port.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 }).close()
  assert.deepEqual(made.slice(3), ['deflate 64'])
  assert.ok(zlibDeflate(changed((stream) => stream))) // what the changes above were made to
})

test('an error that is not about the data is one of ours', () => {
  const streams = changed((stream, handle) => {
    const { writeSync } = handle
    let report: Handle['onerror'] = () => {}
    const set = Object.getOwnPropertyDescriptor(handle, 'onerror')!.set!
    Object.defineProperty(handle, 'onerror', {
      set(listener: Handle['onerror']) {
        report = listener
        set.call(handle, listener)
      },
    })
    handle.writeSync = (...step) => {
      if (step[3] === 999) report('Init error', -4, 'Z_MEM_ERROR')
      else writeSync(...step)
    }
    return stream
  })
  const inflater = zlibDeflate(streams)!.createInflater(15)
  const step = () => inflater.step('sync', new Uint8Array(999), 0, 999, new Uint8Array(9), 0)
  assert.throws(step, (error) => error instanceof Error && !(error instanceof DeflateDataError))
  inflater.close()
})

test('nothing else runs while a step reports an error', async () => {
  const inflater = zlib.createInflater(15)
  const ran: string[] = []
  const bytes = hex('07')
  const fail = (): void => {
    queueMicrotask(() => ran.push('microtask'))
    process.nextTick(() => ran.push('tick'))
    assert.throws(() => inflater.step('sync', bytes, 0, 1, new Uint8Array(9), 0), DeflateDataError)
    assert.deepEqual(ran, [])
    inflater.reset()
  }
  for (const turn of [queueMicrotask, setImmediate, process.nextTick] as ((callback: () => void) => void)[]) {
    await new Promise<void>((resolve, reject) => {
      turn(() => {
        try {
          fail()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(ran.splice(0).length, 2)
  }
  inflater.close()
})

test('the handles of streams that were closed are destroyed, though something refers to the streams', async () => {
  const handles = new Set<number>()
  const closed: DeflateStream[] = []
  let created = 0
  const hook = createHook({
    init(id, type) {
      if (type !== 'ZLIB') return
      handles.add(id)
      created++
    },
    destroy: (id) => handles.delete(id),
  }).enable()
  for (let i = 0; i < 500; i++) {
    const deflater = zlib.createDeflater({ windowBits: 9, memoryLevel: 1, compressionLevel: 1 })
    const inflater = zlib.createInflater(9)
    inflateAll(inflater, deflateAll(deflater, dataOf('JSON', 30)))
    deflater.close()
    inflater.close()
    closed.push(deflater, inflater)
  }
  assert.equal(created, 1000)
  for (let round = 0; round < 10 && handles.size > 0; round++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await areCollected([]) // collects
  }
  hook.disable()
  assert.ok(handles.size < 5, `${handles.size} handles are left of ${closed.length}`)
})
