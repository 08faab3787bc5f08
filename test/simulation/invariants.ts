// The rules that a simulated world is held to, each in one place. Whoever sees something in the world asks here; what is only
// known at the end is asked by `judgeEnd`.

import type { Message } from '../../src/connection/index.ts'
import type { CloseInfo } from '../../src/session/index.ts'
import type { Endpoint } from './endpoint.ts'
import { type Flow, isSame, isStart, shown } from './flow.ts'
import type { World } from './world.ts'

export const INVARIANTS = {
  orderIsKept: 'Messages are delivered in the order in which they were sent, and none is left out',
  nothingComesTwice: 'No message is delivered twice',
  contentIsKept: 'What is delivered is what was sent',
  acknowledgedIsDelivered: 'What was acknowledged was delivered',
  endIsToldOnce: 'The end of a connection is told once, and nothing is delivered to a listener after it',
  bothSidesEnd: 'Both sides end, in time',
  nothingIsLeft: 'Once both sides have ended there is no stream, timer or buffered byte left',
  comesToRest: 'Everything comes to rest',
  promisesSettle: 'Every promise is settled, and every loop over messages ends',
  nothingIsThrown: 'Nothing is thrown but what the application throws, and that is reported once',
  nobodyIsAccused: 'A connection fails only for what has happened: peers that keep the rules are not accused',
  endsAgree: 'What one side says of its end is what the other did',
  calmEndsClean: 'Without faults every connection opens, ends clean, and all that was sent is delivered',
  memoryIsBounded: 'What waits to leave, and what waits to be read, stays in its bounds',
  memoryIsLeftAlone: 'What was written does not change before it has left',
  streamIsUsedAsAgreed: 'A stream is not written to after its end, and ended once',
  sameSeedSameTranscript: 'The same seed gives the same transcript',
} as const

export type Invariant = keyof typeof INVARIANTS

/** A message was delivered: `orderIsKept`, `nothingComesTwice`, `contentIsKept`. */
export function judgeDelivery(world: World, flow: Flow, message: Message): void {
  const place = placeOf(flow, (sent) => isSame(sent, message))
  if (place !== undefined) {
    world.note(`${flow.name}: delivered ${shown(message)}`)
    flow.delivered = place + 1
    return
  }
  const found = flow.sent.findIndex(({ content }) => isSame(content, message))
  const what = `${flow.name}: ${shown(message)} behind the first ${flow.delivered}`
  if (found < 0) world.violated('contentIsKept', `${what} was not sent`)
  else if (found < flow.delivered) world.violated('nothingComesTwice', `${what} was number ${found + 1}`)
  else if (flow.sent[found]!.certainty === 'refused') world.violated('contentIsKept', `${what} had been refused`)
  else world.violated('orderIsKept', `${what} is number ${found + 1}`)
}

/** A part of a message was delivered, and the rest never will be: `contentIsKept`. @returns whether it counts as delivered. */
export function judgePart(world: World, flow: Flow, part: Message, isSkipped: boolean): void {
  const place = placeOf(flow, (sent) => isStart(part, sent))
  if (place === undefined) world.violated('contentIsKept', `${flow.name}: a part that was not sent: ${shown(part)}`)
  else if (isSkipped) flow.delivered = place + 1
}

/** The place of the next message that may come now, if it is like this. */
function placeOf(flow: Flow, isLike: (content: Message) => boolean): number | undefined {
  for (let at = flow.delivered; at < flow.sent.length; at++) {
    const { content, certainty } = flow.sent[at]!
    if (certainty !== 'refused' && isLike(content)) return at
    if (certainty === 'taken' && !flow.mayLose) return undefined
  }
  return undefined
}

/** A message was given to a listener: `endIsToldOnce`. */
export function judgeListening(world: World, endpoint: Endpoint): void {
  if (endpoint.endsTold > 0) world.violated('endIsToldOnce', `${endpoint.name}: a message came after it`)
}

/** The end was told: `endIsToldOnce`, `bothSidesEnd` (in time), `nobodyIsAccused`. */
export function judgeEnding(world: World, endpoint: Endpoint, info: CloseInfo): void {
  const { name, host, closeCalled } = endpoint
  world.note(`${name}: ended, ${info.code} ${info.wasClean ? 'clean' : 'not clean'} ${info.error?.code ?? ''}`)
  endpoint.endsTold++
  if (endpoint.endsTold > 1) world.violated('endIsToldOnce', `${name}: told ${endpoint.endsTold} times`)
  if (closeCalled !== undefined) {
    // What the clock leaped over is nobody's fault.
    const leapt = host.aheadMs - closeCalled.aheadMs
    const took = host.now() - closeCalled.at - leapt
    if (took > endpoint.closeTimeoutMs + 2) world.violated('bothSidesEnd', `${name}: took ${took} ms to close`)
  }
  const code = info.error?.code
  if (code !== undefined && !endpoint.mayFailWith.has(code)) {
    world.violated('nobodyIsAccused', `${name}: failed with ${code}: ${info.error?.message}`)
  }
}

/** What the application can see while it is at it: `memoryIsBounded`. */
export function judgeMemory(world: World, endpoint: Endpoint): void {
  const { name, connection, stream } = endpoint
  if (connection === undefined) return
  const { bufferedBytes } = connection
  if (!(bufferedBytes >= 0 && bufferedBytes <= endpoint.mostBufferedBytes)) {
    world.violated('memoryIsBounded', `${name}: ${bufferedBytes} B wait to leave, not ${endpoint.mostBufferedBytes}`)
  }
  if (connection.readyState !== 'open') return
  const unread = stream.receivedBytes - endpoint.headBytes - connection.stats().wireBytesReceived
  if (unread > endpoint.mostUnreadBytes) {
    world.violated('memoryIsBounded', `${name}: ${unread} B wait to be read, not ${endpoint.mostUnreadBytes}`)
  }
}

/** Nothing is left to happen: all that is asked only then. */
export function judgeEnd(
  world: World,
  pairs: readonly (readonly [Endpoint, Endpoint])[],
  { isCalm }: { isCalm: boolean },
): void {
  const endpoints = pairs.flat()
  for (const endpoint of endpoints) judgeRest(world, endpoint)
  for (const [one, other] of pairs) {
    for (const [near, far] of [
      [one, other],
      [other, one],
    ] as const) {
      judgeAgreement(world, near, far)
      judgeAcknowledged(world, near.outgoing, near, far)
      if (isCalm) judgeCalm(world, near)
    }
  }
}

/** `bothSidesEnd`, `nothingIsLeft`, `promisesSettle`, `nothingIsThrown` (what was reported). */
function judgeRest(world: World, endpoint: Endpoint): void {
  const { name, connection, host } = endpoint
  if (connection === undefined && endpoint.openingFailure === undefined) {
    world.violated('bothSidesEnd', `${name}: neither opened nor failed to`)
  }
  if (connection !== undefined && endpoint.endsTold === 0) {
    world.violated('bothSidesEnd', `${name}: still ${connection.readyState}, and nothing is left to happen`)
  }
  if (!endpoint.stream.isGone) world.violated('nothingIsLeft', `${name}: its stream is still there`)
  if (connection !== undefined && connection.bufferedBytes !== 0) {
    world.violated('nothingIsLeft', `${name}: ${connection.bufferedBytes} B still wait to leave`)
  }
  if (host.timers > 0) world.violated('nothingIsLeft', `${name}: ${host.timers} timers`)
  for (const what of endpoint.pending) world.violated('promisesSettle', `${name}: ${what} is pending`)
  judgePublished(world, endpoint)
  if (endpoint.errorsReported !== endpoint.errorsThrown) {
    const { errorsReported, errorsThrown } = endpoint
    world.violated('nothingIsThrown', `${name}: ${errorsThrown} thrown by its listener, ${errorsReported} reported`)
  }
}

/** `endIsToldOnce`, on the channels. */
function judgePublished(world: World, { name, connection, closeInfo, diagnostics }: Endpoint): void {
  if (connection === undefined || diagnostics === undefined) return
  const failures = closeInfo?.error === undefined ? 0 : 1
  const published = (['connection', 'failure', 'close'] as const).map((what) => diagnostics[what].count(connection.id))
  if (published.join() === `1,${failures},1`) return
  world.violated('endIsToldOnce', `${name}: opened, failed, closed: published ${published.join()} times`)
}

/** `endsAgree`. */
function judgeAgreement(world: World, near: Endpoint, far: Endpoint): void {
  const info = near.closeInfo
  if (info === undefined) return
  const { wasClean, sentCode, receivedCode, error } = info
  const areBothSent = sentCode !== undefined && receivedCode !== undefined
  // A connection that we close because its peer is slow says why, however well that goes.
  const isRight = error?.code === 'PEER_TOO_SLOW' ? areBothSent || !wasClean : wasClean === (areBothSent && !error)
  if (!isRight)
    world.violated('endsAgree', `${near.name}: says clean ${wasClean}, ${sentCode} ${receivedCode} ${error?.code}`)
  if (info.receivedCode !== undefined && far.closeInfo?.sentCode !== info.receivedCode) {
    const sent = far.closeInfo?.sentCode
    world.violated('endsAgree', `${near.name}: received code ${info.receivedCode}, ${far.name} sent ${sent}`)
  }
}

/** `acknowledgedIsDelivered`: to a reader that reads to the end. */
function judgeAcknowledged(world: World, flow: Flow, near: Endpoint, far: Endpoint): void {
  if (!far.readsToEnd || flow.mayLose) return
  // A Close frame comes behind all that was sent.
  const acknowledged = far.closeInfo?.receivedCode === undefined ? flow.acknowledged : flow.sent.length
  for (let at = flow.delivered; at < acknowledged; at++) {
    if (flow.sent[at]!.certainty !== 'taken') continue
    const how = far.closeInfo?.receivedCode === undefined ? 'a pong' : 'a Close frame'
    world.violated('acknowledgedIsDelivered', `${near.name}: number ${at + 1}, which ${how} acknowledged, was not`)
    return
  }
}

/** `calmEndsClean`. */
function judgeCalm(world: World, { name, closeInfo, openingFailure, outgoing }: Endpoint): void {
  if (openingFailure !== undefined) world.violated('calmEndsClean', `${name}: did not open, ${openingFailure.code}`)
  if (closeInfo?.wasClean !== true) {
    world.violated('calmEndsClean', `${name}: ended with ${closeInfo?.code} ${closeInfo?.error?.code}`)
  }
  const missing = outgoing.sent.slice(outgoing.delivered).filter(({ certainty }) => certainty === 'taken')
  if (!outgoing.mayLose && missing.length > 0) {
    world.violated('calmEndsClean', `${outgoing.name}: ${missing.length} messages were not delivered`)
  }
}
