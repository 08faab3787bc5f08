// Talks to an echo server with the WebSocket of the web standard, in a browser or in Node. Returns what went wrong.

/** @param {string} url @param {number} largestBytes */
export async function talk(url, largestBytes) {
  const failures = []
  const check = (name, ok) => ok || failures.push(name)
  const next = (socket, kind) =>
    new Promise((resolve, reject) => {
      socket.addEventListener(kind, resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error(`error while waiting for ${kind}`)), { once: true })
    })

  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  await next(socket, 'open')
  for (const text of [
    '',
    'a',
    'héllo 😀',
    'x'.repeat(125),
    'x'.repeat(126),
    'é'.repeat(40_000),
    'x'.repeat(largestBytes),
  ]) {
    socket.send(text)
    check(`text of ${text.length}`, (await next(socket, 'message')).data === text)
  }
  for (const length of [0, 1, 125, 126, 65_535, 65_536, largestBytes]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7)
    socket.send(bytes)
    const echoed = new Uint8Array((await next(socket, 'message')).data)
    check(`binary of ${length}`, echoed.length === length && echoed.every((byte, i) => byte === bytes[i]))
  }
  socket.close(4000, 'done')
  const closed = await next(socket, 'close')
  check(`our close: ${closed.code} ${closed.wasClean}`, closed.code === 4000 && closed.wasClean)

  const other = new WebSocket(url)
  await next(other, 'open')
  other.send('close me')
  const told = await next(other, 'close')
  check(
    `their close: ${told.code} ${told.reason}`,
    told.code === 4001 && told.reason === 'as you wish' && told.wasClean,
  )
  return failures
}
