// Connections with faults, each of which a rule of the simulation is there for. They are the real ones, with something
// between them and their stream, or between them and whoever is told.

import { type ByteStream, type ByteStreamListener, Connection, openConnection } from '../../src/connection/index.ts'
import type { Subject } from './endpoint.ts'
import type { Invariant } from './invariants.ts'

/** What is between a connection and its stream. */
interface Between {
  write?(stream: ByteStream, vectors: readonly Uint8Array[]): boolean
  end?(stream: ByteStream): void
  destroy?(stream: ByteStream): void
  pause?(stream: ByteStream): void
  resume?(stream: ByteStream): void
  received?(listener: ByteStreamListener, bytes: Uint8Array): void
}

/** @param between Called for each connection: faults that count do so for one connection. */
function onStreams(between: () => Between): Subject {
  return {
    onClosed: Connection.onClosed,
    openConnection(agreement, stream, host, address, options, attach) {
      const fault = between()
      const broken: ByteStream = {
        get bufferedBytes() {
          return stream.bufferedBytes
        },
        write: (vectors) => (fault.write === undefined ? stream.write(vectors) : fault.write(stream, vectors)),
        end: () => (fault.end === undefined ? stream.end() : fault.end(stream)),
        destroy: () => (fault.destroy === undefined ? stream.destroy() : fault.destroy(stream)),
        pause: () => (fault.pause === undefined ? stream.pause() : fault.pause(stream)),
        resume: () => (fault.resume === undefined ? stream.resume() : fault.resume(stream)),
      }
      return openConnection(agreement, broken, host, address, options, (listener) => {
        attach({
          received: (bytes) =>
            fault.received === undefined ? listener.received(bytes) : fault.received(listener, bytes),
          drained: () => listener.drained(),
          ended: (error) => listener.ended(error),
          closed: () => listener.closed(),
        })
      })
    },
  }
}

function copied(vectors: readonly Uint8Array[]): Uint8Array[] {
  return vectors.map((vector) => vector.slice())
}

/** Every third time. */
function inThirds(): () => boolean {
  let times = 0
  return () => ++times % 3 === 0
}

/** Each with the rule that it breaks. */
export const BROKEN_SUBJECTS: readonly (readonly [fault: string, breaks: Invariant, subject: Subject])[] = [
  [
    'writes every third time twice',
    'nothingComesTwice',
    onStreams(() => {
      const isDue = inThirds()
      return {
        write(stream, vectors) {
          if (isDue()) stream.write(copied(vectors))
          return stream.write(vectors)
        },
      }
    }),
  ],
  [
    'takes every third read twice',
    'nobodyIsAccused',
    onStreams(() => {
      const isDue = inThirds()
      return {
        received(listener, bytes) {
          if (isDue()) listener.received(bytes.slice())
          listener.received(bytes)
        },
      }
    }),
  ],
  [
    'writes the third before the second',
    'orderIsKept',
    onStreams(() => {
      const isDue = inThirds()
      let held: Uint8Array[] = []
      return {
        write(stream, vectors) {
          const earlier = held
          held = isDue() ? copied(vectors) : []
          if (held.length === 0) stream.write(copied(vectors))
          if (earlier.length > 0) stream.write(earlier)
          return false
        },
        end(stream) {
          if (held.length > 0) stream.write(held)
          stream.end()
        },
      }
    }),
  ],
  [
    'loses every third write',
    'acknowledgedIsDelivered',
    onStreams(() => {
      const isDue = inThirds()
      return { write: (stream, vectors) => (isDue() ? false : stream.write(vectors)) }
    }),
  ],
  [
    'changes what it has written',
    'memoryIsLeftAlone',
    onStreams(() => ({
      write(stream, vectors) {
        const written = copied(vectors)
        const hasLeft = stream.write(written)
        written.at(-1)![0]! ^= 1
        return hasLeft
      },
    })),
  ],
  ['goes on reading while it has enough', 'memoryIsBounded', onStreams(() => ({ pause() {} }))],
  ['never reads again', 'calmEndsClean', onStreams(() => ({ resume() {} }))],
  [
    'ends its streams twice',
    'streamIsUsedAsAgreed',
    onStreams(() => ({
      end(stream) {
        stream.end()
        stream.end()
      },
    })),
  ],
  ['leaves streams there', 'nothingIsLeft', onStreams(() => ({ destroy() {} }))],
  [
    'throws when it is read',
    'nothingIsThrown',
    onStreams(() => {
      const isDue = inThirds()
      return {
        received(listener, bytes) {
          listener.received(bytes)
          if (isDue()) throw new Error('The driver throws')
        },
      }
    }),
  ],
  [
    'tells its end twice',
    'endIsToldOnce',
    {
      openConnection,
      onClosed(connection, listener) {
        Connection.onClosed(connection, (...told) => {
          listener(...told)
          listener(...told)
        })
      },
    },
  ],
  ['never tells its end', 'bothSidesEnd', { openConnection, onClosed() {} }],
  [
    'says that the peer has said something else',
    'endsAgree',
    {
      openConnection,
      onClosed(connection, listener) {
        Connection.onClosed(connection, (_, info) =>
          listener(connection, info.receivedCode === undefined ? info : { ...info, receivedCode: 1003 }),
        )
      },
    },
  ],
]

/** Does the same thing differently each time that it is made. */
export function unsteadySubject(): Subject {
  let opened = 0
  return onStreams(() => {
    opened++
    const isOdd = opened % 2 === 1
    return {
      write(stream, vectors) {
        if (!isOdd || vectors[0]!.length < 2) return stream.write(vectors)
        stream.write([vectors[0]!.slice(0, 1)])
        return stream.write([vectors[0]!.slice(1), ...vectors.slice(1)])
      },
    }
  })
}
