// Tells the parent where the server is, and, when asked, what memory the process holds once all garbage is collected.

export async function held() {
  for (let round = 0; round < 4; round++) {
    global.gc()
    await new Promise((resolve) => setTimeout(resolve, 50)) // what is free is given back by other threads
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  return { rss, heapUsed, external, arrayBuffers }
}

/** @param count Says how many connections there are. */
export function report(port, count) {
  process.on('message', async () => process.send({ ...(await held()), connections: count() }))
  process.on('disconnect', () => process.exit())
  process.send({ port })
}
