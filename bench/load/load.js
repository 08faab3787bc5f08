// Starts the load generator: against a server, with the frames it is to send, for a result.
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { buildLoad } from './build.js'

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11' // RFC 6455 §1.3

function handshakeKeys() {
  const key = randomBytes(16).toString('base64')
  return { key, accept: createHash('sha1').update(`${key}${ACCEPT_GUID}`).digest('base64') }
}

/**
 * @param settings As at the top of `load.c`.
 * @param frames What is sent, in turn: masked frames of one length.
 * @param answer The frame that each is answered with, if that is known; `'mirror'` for the frame itself.
 */
function start(settings, frames, answer) {
  const { mirror, ...bytes } =
    answer === 'mirror' ? { mirror: true, answerBytes: 0 } : { mirror: false, answerBytes: answer?.length ?? 0 }
  const all = { ...settings, ...handshakeKeys(), ...bytes, frames: frames.length, frameBytes: frames[0]?.length ?? 0 }
  const args = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`)
  const child = spawn(buildLoad(), mirror ? [...args, 'mirror'] : args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {}) // it has ended, and says why on the other stream
  for (const frame of frames) child.stdin.write(frame)
  if (typeof answer === 'object') child.stdin.write(answer)

  let printed = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    printed += chunk
    if (printed.endsWith('\n')) child.emit('line', printed)
  })
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaint += chunk
  })
  const closed = once(child, 'close')
  const line = Promise.race([
    once(child, 'line').then(([line]) => JSON.parse(line)),
    closed.then(([code, signal]) => {
      throw new Error(complaint.trim() || `The load generator ended with ${signal ?? code}`)
    }),
  ])
  return { child, line, closed }
}

/** Runs a load to its end: what `load.c` prints. */
export async function runLoad(settings, frames, answer) {
  const { child, line, closed } = start(settings, frames, answer)
  child.stdin.end()
  const result = await line
  await closed
  return result
}

/** Opens connections that stay, until `release` is called. With a frame, each has exchanged one message. */
export async function holdConnections(settings, frames = [], answer = undefined) {
  const { child, line, closed } = start({ ...settings, mode: 'hold' }, frames, answer)
  const result = await line
  const release = async () => {
    child.stdin.end()
    await closed
  }
  return { ...result, release }
}
