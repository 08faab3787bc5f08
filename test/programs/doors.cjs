// What `import` and `require` give: the same things, and the class itself where CommonJS wants it.

const WebSocket = require('ws')
const { report } = require('./support.cjs')

async function main() {
  const imported = await import('ws')
  // Server is a name of ours for modules that were compiled to CommonJS; ws has it as a property only.
  const names = Object.keys(imported).filter((name) => !['default', 'module.exports', 'Server'].includes(name))
  report({
    defaults: imported.default === WebSocket,
    names: names.map((name) => [name, imported[name] === WebSocket[name]]),
    server: WebSocket.Server === WebSocket.WebSocketServer,
    itself: WebSocket.WebSocket === WebSocket,
    marked: '__esModule' in WebSocket,
    states: [WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED],
    version: require('ws/package.json').version,
  })
}

main()
