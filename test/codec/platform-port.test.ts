import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformPort, usePlatformPort } from '../../src/codec/platform-port.ts'
import { nodePort } from '../../src/transport/node/port.ts'

test('what is installed is what there is, until it is taken away', () => {
  usePlatformPort(nodePort)
  assert.equal(platformPort, nodePort)
  usePlatformPort(undefined)
  assert.equal(platformPort, undefined)
})
