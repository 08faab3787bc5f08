// What a transport must be, as a suite that it runs against itself: order, ownership, backpressure, and how it ends.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ByteStream, ByteStreamListener } from '../../src/connection/index.ts'
import { concat, toHex, utf8 } from '../support/wire.ts'

export interface AttachableStream extends ByteStream {
  attach(listener: ByteStreamListener): void
}

/** Two streams joined by a network of whatever kind, and what is needed to take it down. */
export interface JoinedStreams {
  readonly near: AttachableStream
  readonly far: AttachableStream
  close(): Promise<void>
}

export interface StreamCapabilities {
  /** Whether what is written stays in `bufferedBytes` while the other side has paused for long. */
  readonly backpressure: boolean
}

/** A listener that writes down what it is told. */
class Recorder implements ByteStreamListener {
  readonly chunks: Uint8Array[] = []
  readonly told: string[] = []
  byteCount = 0
  /** Set while the stream is being called: nothing may be told then. */
  inCall = false
  #wake: () => void = () => {}

  received(bytes: Uint8Array): void {
    this.chunks.push(new Uint8Array(bytes))
    bytes.fill(0xee) // it may be changed as long as it is lent
    this.byteCount += bytes.length
    this.#tell('received')
  }

  drained(): void {
    this.#tell('drained')
  }

  ended(): void {
    this.#tell('ended')
  }

  closed(): void {
    this.#tell('closed')
  }

  /** How often it was told this. */
  count(what: string): number {
    return this.told.filter((entry) => entry === what).length
  }

  get text(): string {
    return new TextDecoder().decode(concat(...this.chunks))
  }

  /** Waits until it was told enough. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #tell(what: string): void {
    assert.equal(this.inCall, false, `${what} was told from inside a call to the stream`)
    this.told.push(what)
    this.#wake()
  }
}

interface Ends {
  near: AttachableStream
  far: AttachableStream
  nearHears: Recorder
  farHears: Recorder
}

export function testByteStream(
  name: string,
  open: () => Promise<JoinedStreams>,
  capabilities: StreamCapabilities,
): void {
  const contract = (title: string, body: (ends: Ends) => Promise<void>): void => {
    test(title, async () => {
      const streams = await open()
      const nearHears = new Recorder()
      const farHears = new Recorder()
      const quietly = (stream: AttachableStream): AttachableStream => guarded(stream, [nearHears, farHears])
      try {
        await body({ near: quietly(streams.near), far: quietly(streams.far), nearHears, farHears })
      } finally {
        await streams.close()
      }
    })
  }

  describe(`${name} as a byte stream`, () => {
    contract('delivers vectors in order, in both directions', async ({ near, far, nearHears, farHears }) => {
      near.attach(nearHears)
      far.attach(farHears)
      near.write([utf8('one '), utf8('two '), utf8('three')])
      near.write([utf8(' four')])
      far.write([utf8('back')])
      await farHears.until(() => farHears.text === 'one two three four')
      await nearHears.until(() => nearHears.text === 'back')
    })

    contract('keeps what was written before anybody listened', async ({ near, far, nearHears, farHears }) => {
      near.attach(nearHears)
      near.write([utf8('early')])
      await new Promise((resolve) => setTimeout(resolve, 5))
      far.attach(farHears)
      assert.equal(farHears.text, '')
      near.write([utf8(' late')])
      await farHears.until(() => farHears.text === 'early late')
    })

    contract('lends what arrives, and leaves what was written alone', async ({ near, far, nearHears, farHears }) => {
      near.attach(nearHears)
      far.attach(farHears)
      const written = utf8('mine')
      near.write([written])
      await farHears.until(() => farHears.byteCount === 4)
      assert.equal(farHears.text, 'mine')
      assert.equal(toHex(written), '6d 69 6e 65')
    })

    contract(
      'says when bytes have left, and counts those that have not',
      async ({ near, far, nearHears, farHears }) => {
        near.attach(nearHears)
        far.attach(farHears)
        assert.equal(near.bufferedBytes, 0)
        const hasLeft = near.write([new Uint8Array(1_000_000)])
        assert.ok(!hasLeft || near.bufferedBytes === 0)
        await farHears.until(() => farHears.byteCount === 1_000_000)
        await nearHears.until(() => hasLeft || nearHears.count('drained') >= 1)
        assert.equal(near.bufferedBytes, 0)
      },
    )

    contract('T-98: holds everything back while paused, and delivers it in order on resume', async (ends) => {
      const { near, far, nearHears, farHears } = ends
      near.attach(nearHears)
      far.attach(farHears)
      far.pause()
      const total = 24 * 1_048_576
      for (let i = 0; i < 24; i++) near.write([new Uint8Array(1_048_576).fill(i)])
      await new Promise((resolve) => setTimeout(resolve, 20))
      const whilePaused = farHears.byteCount
      assert.ok(whilePaused <= 1_048_576, `${whilePaused} bytes while paused`)
      if (capabilities.backpressure) assert.ok(near.bufferedBytes > 0)
      far.resume()
      await farHears.until(() => farHears.byteCount === total)
      let at = 0
      for (const chunk of farHears.chunks) {
        assert.equal(chunk[0], Math.floor(at / 1_048_576))
        at += chunk.length
        assert.equal(chunk[chunk.length - 1], Math.floor((at - 1) / 1_048_576))
      }
      await nearHears.until(() => near.bufferedBytes === 0)
    })

    contract('ends one direction after its last byte, and the other goes on', async (ends) => {
      const { near, far, nearHears, farHears } = ends
      near.attach(nearHears)
      far.attach(farHears)
      near.write([utf8('last')])
      near.end()
      await farHears.until(() => farHears.count('ended') === 1)
      assert.equal(farHears.text, 'last')
      assert.equal(farHears.count('closed'), 0)
      far.write([utf8('still here')])
      await nearHears.until(() => nearHears.text === 'still here')
      far.end()
      await nearHears.until(() => nearHears.count('closed') === 1)
      await farHears.until(() => farHears.count('closed') === 1)
      for (const { told } of [nearHears, farHears]) {
        assert.deepEqual(
          told.filter((what) => what === 'ended' || what === 'closed'),
          ['ended', 'closed'],
        )
      }
    })

    contract('is gone at once when it is destroyed, on both sides, and says so once', async (ends) => {
      const { near, far, nearHears, farHears } = ends
      near.attach(nearHears)
      far.attach(farHears)
      far.write([utf8('never read')])
      near.write([utf8('x')])
      near.destroy()
      near.destroy()
      await nearHears.until(() => nearHears.count('closed') === 1)
      await farHears.until(() => farHears.count('ended') === 1)
      far.write([utf8('to nobody')])
      far.destroy()
      await farHears.until(() => farHears.count('closed') === 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
      assert.equal(nearHears.count('received'), 0)
      for (const hears of [nearHears, farHears]) {
        assert.deepEqual([hears.count('ended'), hears.count('closed')], [1, 1])
        assert.equal(hears.told.at(-1), 'closed')
        assert.equal(hears.told.at(-2), 'ended')
      }
    })

    contract('lets go of a peer that has paused and never reads', async ({ near, far, nearHears, farHears }) => {
      near.attach(nearHears)
      far.attach(farHears)
      far.pause()
      near.write([new Uint8Array(8_000_000)])
      far.destroy()
      await farHears.until(() => farHears.count('closed') === 1)
      await nearHears.until(() => nearHears.count('ended') === 1)
      near.destroy()
      await nearHears.until(() => nearHears.count('closed') === 1)
      assert.equal(near.bufferedBytes, 0)
    })
  })
}

/** The stream, with every call watched for what it tells from inside. */
function guarded(stream: AttachableStream, recorders: readonly Recorder[]): AttachableStream {
  const call = <Value>(body: () => Value): Value => {
    for (const recorder of recorders) recorder.inCall = true
    const returned = body()
    for (const recorder of recorders) recorder.inCall = false
    return returned
  }
  return {
    get bufferedBytes() {
      return stream.bufferedBytes
    },
    attach: (listener) => call(() => stream.attach(listener)),
    write: (vectors) => call(() => stream.write(vectors)),
    end: () => call(() => stream.end()),
    destroy: () => call(() => stream.destroy()),
    pause: () => call(() => stream.pause()),
    resume: () => call(() => stream.resume()),
  }
}
