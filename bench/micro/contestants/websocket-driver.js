// `websocket-driver`, without the network.
import driver from 'websocket-driver'

export const deflates = false // its extension is a package of its own

function peer() {
  const headers = { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': '13' }
  const request = {
    method: 'GET',
    url: '/',
    headers: { ...headers, host: 'localhost', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    connection: {},
  }
  return driver.http(request)
}

export function createParser(_deflates, handle) {
  const opened = peer()
  opened.io.on('data', () => {})
  opened.messages.on('data', handle)
  opened.start()
  return (chunk) => void opened.io.write(chunk)
}

export function createSender(_deflates, handle, sent) {
  const opened = peer()
  opened.start()
  opened.io.on('data', handle)
  return (message) => {
    if (typeof message === 'string') opened.text(message)
    else opened.binary(message)
    sent()
  }
}
