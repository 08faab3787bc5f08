// What every program here shares: where it listens, what it waits for, what it reports.

const { once } = require('node:events')

// No program outlives its test, nor what it has started: a browser is ended when the process exits.
setTimeout(() => {
  console.error('Not over after 50 seconds')
  process.exit(1)
}, 50_000).unref()

/** Starts a server on a free local port. @returns the port. */
async function listen(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

/** The report for test/ws/programs.test.ts: one line of JSON, which says first whose `ws` was loaded. */
function report(results) {
  console.log(JSON.stringify({ ws: globalThis.programsUse, ...results }))
}

module.exports = { listen, once, report }
