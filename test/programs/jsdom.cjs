// jsdom: the WebSocket of a page that runs in Node; cookies, kinds of data, codes of closing.

const { createServer } = require('node:http')
const { JSDOM } = require('jsdom')
const WebSocket = require('ws')
const { listen, once, report } = require('./support.cjs')

const PAGE = `<!doctype html><script>
  const said = []
  const socket = new WebSocket(location.href.replace('http', 'ws') + 'echo', ['chat', 'other'])
  socket.binaryType = 'arraybuffer'
  said.push([socket.readyState, socket.url.endsWith('/echo')])
  socket.onopen = () => {
    said.push(['open', socket.protocol, socket.readyState, document.cookie])
    socket.send('text é')
  }
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') {
      said.push(data)
      socket.send(new Uint8Array([1, 2, 3]))
    } else if (data instanceof ArrayBuffer) {
      said.push(Array.from(new Uint8Array(data)))
      socket.binaryType = 'blob'
      socket.send(new Blob(['four']))
    } else {
      said.push([data instanceof Blob, data.size])
      socket.close(4000, 'enough')
    }
  })
  socket.onclose = ({ code, reason, wasClean }) => {
    said.push(['close', code, reason, wasClean])
    const refused = new WebSocket(location.href.replace('http', 'ws') + 'refused')
    refused.onerror = () => said.push('error')
    refused.onclose = ({ code, wasClean }) => {
      said.push([code, wasClean])
      finish(JSON.stringify(said))
    }
  }
</script>`

async function main() {
  const http = createServer()
  const wss = new WebSocket.Server({ server: http, path: '/echo', handleProtocols: (offered) => [...offered].at(-1) })
  wss.on('headers', (headers) => headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2'))
  const requests = []
  wss.on('connection', (socket, { headers }) => {
    requests.push([headers.origin, headers.cookie, headers['user-agent'].includes('jsdom')])
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const port = await listen(http)

  let window
  const said = await new Promise((resolve) => {
    const dom = new JSDOM(PAGE, {
      url: `http://127.0.0.1:${port}/`,
      runScripts: 'dangerously',
      beforeParse: (itsWindow) => {
        itsWindow.finish = resolve
        itsWindow.document.cookie = 'from=page'
      },
    })
    window = dom.window
  })

  // A page that goes away takes its connections with it.
  const arrived = once(wss, 'connection')
  const socket = new window.WebSocket(`ws://127.0.0.1:${port}/echo`)
  const [connection] = await arrived
  await new Promise((resolve) => {
    socket.onopen = resolve
  })
  const left = once(connection, 'close')
  window.close()

  report({
    said: JSON.parse(said),
    requests: requests.map(([origin, ...rest]) => [origin === `http://127.0.0.1:${port}`, ...rest]),
    left: (await left)[0],
  })
  wss.close()
  http.close()
}

main()
