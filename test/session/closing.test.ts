import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtocolError } from '../../src/codec/protocol-error.ts'
import { closeInfo, type Ending, isHandshakeComplete, NOT_ENDING } from '../../src/session/closing.ts'
import type { CloseInfo } from '../../src/session/event.ts'

const ours = { code: 1001, reason: 'ours' }
const theirs = { code: 3000, reason: 'theirs' }
const error = new ProtocolError('RESERVED_OPCODE', 0)

const ENDINGS: ReadonlyArray<readonly [name: string, ending: Partial<Ending>, info: Partial<CloseInfo>]> = [
  ['nobody said anything', {}, { code: 1006, initiator: 'remote' }],
  [
    'both said goodbye',
    { initiator: 'local', sent: ours, received: theirs },
    { code: 3000, reason: 'theirs', wasClean: true, initiator: 'local', sentCode: 1001, receivedCode: 3000 },
  ],
  ['only we did', { initiator: 'local', sent: ours }, { code: 1006, initiator: 'local', sentCode: 1001 }],
  [
    'only they did',
    { initiator: 'remote', received: theirs },
    { code: 3000, reason: 'theirs', initiator: 'remote', receivedCode: 3000 },
  ],
  [
    'we failed the connection and said why',
    { initiator: 'local', sent: { code: 1002, reason: 'why' }, error },
    { code: 1002, reason: 'why', initiator: 'local', sentCode: 1002, error },
  ],
  [
    'we failed the connection after we said goodbye',
    { initiator: 'local', sent: ours, error },
    { code: 1002, initiator: 'local', sentCode: 1001, error },
  ],
  [
    'both said goodbye, and something went wrong all the same',
    { initiator: 'remote', sent: ours, received: theirs, error },
    { code: 3000, reason: 'theirs', initiator: 'remote', sentCode: 1001, receivedCode: 3000, error },
  ],
]

for (const [name, ending, info] of ENDINGS) {
  test(`${name}: ${info.code}${info.wasClean === true ? ', clean' : ''}`, () => {
    const rest = { reason: '', wasClean: false, sentCode: undefined, receivedCode: undefined, error: undefined }
    assert.deepEqual(closeInfo({ ...NOT_ENDING, ...ending }), { ...rest, ...info })
  })
}

test('the closing handshake is complete when both Close frames have been', () => {
  assert.equal(isHandshakeComplete(NOT_ENDING), false)
  assert.equal(isHandshakeComplete({ ...NOT_ENDING, sent: ours }), false)
  assert.equal(isHandshakeComplete({ ...NOT_ENDING, received: theirs }), false)
  assert.equal(isHandshakeComplete({ ...NOT_ENDING, sent: ours, received: theirs }), true)
})
