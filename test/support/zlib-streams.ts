// Counts the streams of `node:zlib` in this process, from when this is first imported. The functions that create them are
// replaced, for everybody who has not called them yet; a stream is gone when it is closed, whether or not its memory was
// collected.

import { createHook } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'

type Create = (options: object) => { close(callback?: () => void): void }

const zlib = createRequire(import.meta.url)('node:zlib') as Record<'createDeflateRaw' | 'createInflateRaw', Create>

let created = 0
let open = 0

function counted(create: Create): Create {
  return (options) => {
    const stream = create(options)
    const close = stream.close.bind(stream)
    let isOpen = true
    created++
    open++
    stream.close = (callback) => {
      if (isOpen) open--
      isOpen = false
      close(callback)
    }
    return stream
  }
}

for (const name of ['createDeflateRaw', 'createInflateRaw'] as const) {
  Object.defineProperty(zlib, name, { value: counted(zlib[name]), enumerable: true, configurable: true })
}
syncBuiltinESMExports()

const handles = new Set<number>()

createHook({
  init(id, type) {
    if (type === 'ZLIB') handles.add(id)
  },
  destroy(id) {
    handles.delete(id)
  },
}).enable()

/** How many streams were ever created. */
export function createdStreams(): number {
  return created
}

/** How many streams are not closed. */
export function openStreams(): number {
  return open
}

/** How many of the handles below them were not collected. */
export function uncollectedHandles(): number {
  return handles.size
}
