// wscat, a program of the command line: commands to execute, a conversation with control frames, a way through a proxy
// and along a redirection, and a refusal.

const { spawn } = require('node:child_process')
const { createServer } = require('node:http')
const { connect } = require('node:net')
const WebSocket = require('ws')
const { listen, once, report } = require('./support.cjs')

/** Runs wscat to its end. Each line goes to its standard input when the text before it was printed. */
async function wscat(parameters, lines = []) {
  // Node 20 and 22 warn of an ES module that is required, and what is printed here is compared.
  const flags = [...process.execArgv, '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, require.resolve('wscat/bin/wscat'), ...parameters])
  let printed = ''
  let errors = ''
  child.stdout.on('data', (text) => {
    printed += text
    while (lines.length > 0 && printed.includes(lines[0][0])) child.stdin.write(`${lines.shift()[1]}\n`)
  })
  child.stderr.on('data', (text) => {
    errors += text
  })
  const [code] = await once(child, 'close')
  // Its prompt stands wherever it was when the answer came.
  return { code, printed: printed.replaceAll('> ', ''), errors }
}

async function main() {
  const requests = []
  const closings = []
  const http = createServer()
  http.on('upgrade', (request, socket, head) => {
    if (request.url.startsWith('/moved')) {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${request.url.slice('/moved'.length)}\r\nConnection: close\r\n\r\n`)
      return
    }
    server.handleUpgrade(request, socket, head, (connection) => server.emit('connection', connection, request))
  })
  const server = new WebSocket.Server({
    noServer: true,
    verifyClient: ({ origin, req, secure }) => {
      const { authorization, 'x-one': one, 'sec-websocket-protocol': offered } = req.headers
      requests.push([req.url, secure, origin, authorization, one, offered])
      return origin !== 'http://bad.example'
    },
  })
  server.on('connection', (socket, { url }) => {
    socket.on('message', (data, isBinary) => {
      socket.send(`${isBinary ? 'bytes' : 'text'} ${data}`)
      if (data.toString() === 'last') socket.close(1000, 'that is all')
    })
    socket.on('ping', (data) => socket.send(`pinged with ${data}`))
    socket.on('pong', (data) => socket.send(`ponged with ${data}`))
    socket.on('close', (code, reason) => closings.push(`${url} ${code} ${reason}`))
    socket.send('welcome')
  })
  const url = `ws://127.0.0.1:${await listen(http)}`

  const asked = []
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    asked.push(`ws://${request.url}` === url)
    const onward = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ]) {
      from.pipe(to)
      from.on('error', () => to.destroy())
    }
  })
  const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`

  // -w -1: until the server closes.
  const execute = ['-x', 'one', '-x', 'last', '-w', '-1']
  const headers = ['-o', 'http://good.example', '--auth', 'me:secret', '-H', 'X-One: 1', '-s', 'chat']
  report({
    executed: await wscat(['-c', `${url}/executed`, ...execute, ...headers]),
    conversation: await wscat(
      ['-c', `${url}/conversation`, '--slash', '-P'],
      [
        ['welcome', 'hello'],
        ['text hello', '/ping abc'],
        ['pinged with abc', '/ping'],
        ['pinged with \n', '/pong def'],
        ['ponged with def', '/close 4001 bye'],
      ],
    ),
    proxied: [await wscat(['-c', `${url}/proxied`, '--proxy', proxyUrl, ...execute]), asked],
    redirected: await wscat(['-c', `${url}/moved/redirected`, '--location', ...execute]),
    notRedirected: await wscat(['-c', `${url}/moved/redirected`, ...execute]),
    refused: await wscat(['-c', `${url}/refused`, '-o', 'http://bad.example', ...execute]),
    requests,
    closings,
  })
  server.close()
  http.close()
  proxy.close()
}

main()
