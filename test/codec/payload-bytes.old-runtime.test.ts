// A runtime that knows neither shared nor resizable memory, as pages without cross-origin isolation and engines before
// ES2024 do. The globals are gone before the code under test is loaded, hence a file, and so a process, of its own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex, toHex } from '../support/wire.ts'

test('a runtime without shared or resizable memory has none of it', async () => {
  const shared = new SharedArrayBuffer(2)
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer')
  Reflect.deleteProperty(ArrayBuffer.prototype, 'resizable')
  const { isFixedMemory, viewBytes } = await import('../../src/codec/payload-bytes.ts')
  assert.equal(toHex(viewBytes(hex('01 02'))!), '01 02')
  assert.equal(viewBytes(shared), undefined)
  assert.equal(isFixedMemory(new Uint8Array(1)), true)
})
