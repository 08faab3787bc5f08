// A program: what the two DEFLATE ports do on the runtime that runs it, as one line of JSON. A runtime that has no test
// runner of Node's can run it all the same.

import { DeflateDataError, type DeflatePort, type DeflateStream } from '../../src/extension/index.ts'
import { nodeDeflate, zlibDeflate } from '../../src/transport/node/deflate.ts'
import { portableDeflate } from '../../src/transport/web/deflate.ts'
import { concat, hex, toHex, utf8 } from './wire.ts'

const HELLO = 'f2 48 cd c9 c9 07 00'
const TAIL_AND_PROBE = hex('00 00 ff ff 00')

/** One step, as `taken/written: what was written`, or the kind of error. */
function step(stream: DeflateStream, flush: 'none' | 'sync' | 'block', wire: string, room = 100): string {
  const input = hex(`ee ${wire} ee`)
  const memory = new Uint8Array(room + 6).fill(0xdd)
  try {
    stream.step(flush, input, 1, input.length - 1, memory.subarray(2, room + 4), 2)
  } catch (error) {
    return error instanceof DeflateDataError ? 'data error' : String(error)
  }
  const { consumed, produced } = stream
  const isBounded = toHex(memory.subarray(0, 4)) === 'dd dd dd dd' && toHex(memory.subarray(-2)) === 'dd dd'
  const written = toHex(memory.subarray(4, 4 + produced))
  return `${consumed}/${produced}: ${written}${isBounded ? '' : ', out of bounds'}`
}

/** Messages of several sizes and kinds through a deflater and an inflater, in steps of several sizes. */
function roundTrips(deflating: DeflatePort, inflating: DeflatePort): string {
  let messages = 0
  for (const windowBits of [9, 15]) {
    for (const compressionLevel of [0, 1, 6]) {
      const deflater = deflating.createDeflater({ windowBits, memoryLevel: 8, compressionLevel })
      const inflater = inflating.createInflater(windowBits)
      for (const room of [7, 1000, 65_536]) {
        for (const length of [1, 1000, 40_000]) {
          const data = Uint8Array.from({ length }, (_, i) => (i % 300 < 200 ? i % 7 : Math.imul(i, i) >> 3))
          const deflated: Uint8Array[] = []
          for (let at = 0, produced = room; produced === room; at += deflater.consumed) {
            const output = new Uint8Array(room)
            deflater.step('sync', data, at, length, output, 0)
            produced = deflater.produced
            deflated.push(output.subarray(0, produced))
          }
          const wire = concat(...deflated)
          const inflated = new Uint8Array(length + 1)
          let written = 0
          for (let at = 0; at < wire.length || inflater.produced === room; at += inflater.consumed) {
            inflater.step(
              'sync',
              wire,
              at,
              wire.length,
              inflated.subarray(0, Math.min(length + 1, written + room)),
              written,
            )
            written += inflater.produced
          }
          if (written !== length || !data.every((byte, i) => byte === inflated[i])) {
            return `${length} bytes, room for ${room}, ${windowBits} bits, level ${compressionLevel}`
          }
          messages++
        }
      }
      deflater.close()
      inflater.close()
    }
  }
  return `${messages} messages`
}

function story(port: DeflatePort): string[] {
  const told: string[] = []
  const inflater = port.createInflater(15)
  const wireOf = (line: string): string => line.slice(line.indexOf(':') + 1)

  // RFC 7692 §7.2.3
  told.push(step(inflater, 'sync', HELLO))
  told.push(step(inflater, 'block', toHex(TAIL_AND_PROBE)))
  inflater.reset()
  told.push(step(inflater, 'sync', HELLO, 2))
  inflater.reset()
  told.push(step(inflater, 'sync', '00 05 00 fa ff 48 65 6c 6c 6f 00'))
  inflater.reset()
  told.push(step(inflater, 'block', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'))

  // Errors, and what comes after them.
  inflater.reset()
  for (const bad of ['07', 'f2 00 11 00 00', '00 05 00 fb ff']) {
    told.push(step(inflater, 'sync', bad))
    inflater.reset()
    told.push(step(inflater, 'sync', HELLO))
    inflater.reset()
  }

  // A final block.
  told.push(step(inflater, 'sync', 'f3 48 cd c9 c9 07 00 aa bb'))
  told.push(step(inflater, 'sync', 'aa bb'))
  told.push(step(inflater, 'block', toHex(TAIL_AND_PROBE)))
  inflater.reset()
  told.push(step(inflater, 'sync', HELLO))
  inflater.close()

  // Every message that was cut off.
  const deflater = port.createDeflater({ windowBits: 15, memoryLevel: 8, compressionLevel: 6 })
  const text = toHex(utf8(JSON.stringify(Array.from({ length: 20 }, (_, id) => ({ id, name: `user ${id * 7919}` })))))
  const wire = hex(wireOf(step(deflater, 'sync', text, 1000))).slice(0, -4)
  const cut = port.createInflater(15)
  const whole: number[] = []
  for (let length = 0; length <= wire.length; length++) {
    step(cut, 'sync', toHex(wire.subarray(0, length)), 1000)
    if (step(cut, 'block', toHex(TAIL_AND_PROBE), 1000) === '4/0: ') whole.push(wire.length - length)
    cut.reset()
  }
  told.push(`whole with ${whole} bytes less`)
  cut.close()

  // Context, no context, and a flush that has nothing to say.
  deflater.reset()
  const first = step(deflater, 'sync', text, 1000)
  const second = step(deflater, 'sync', text, 1000)
  told.push(second.length < first.length / 3 ? 'refers to what came before' : `${first}, ${second}`)
  told.push(step(deflater, 'sync', ''))
  deflater.reset()
  const fresh = port.createInflater(15)
  const again = step(fresh, 'sync', wireOf(step(deflater, 'sync', text, 1000)), 1000)
  told.push(again.endsWith(`: ${text}`) ? 'a reset forgets' : again)
  fresh.close()
  deflater.close()

  told.push(roundTrips(port, port), roundTrips(port, portableDeflate), roundTrips(portableDeflate, port))
  return told
}

console.log(
  JSON.stringify({
    hasZlib: zlibDeflate() !== undefined,
    usesZlib: nodeDeflate.createInflater(15).constructor !== portableDeflate.createInflater(15).constructor,
    node: story(nodeDeflate),
    portable: story(portableDeflate),
  }),
)
