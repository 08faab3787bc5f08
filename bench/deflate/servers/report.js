// Tells the parent where the server is, and, when asked, what it has used so far.

export function report(port) {
  process.on('message', () => {
    global.gc?.()
    process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() })
  })
  process.send({ port })
}
