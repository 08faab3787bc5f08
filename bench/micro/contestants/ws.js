// `ws`: its receiver and sender, without the network. Whether its add-ons take part is a matter of the environment, which
// is read when it is loaded.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { extension, PerMessageDeflate, Receiver, Sender } from 'ws'
import { WSPC_DEFLATE } from '../../servers/by-ws.js'

const require = createRequire(import.meta.url)
const lib = join(dirname(require.resolve('ws/package.json')), 'lib')
const { mask: maskInto } = require(join(lib, 'buffer-util.js'))
const { isValidUTF8 } = require(join(lib, 'validation.js'))

export const deflates = true

const OFFER = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=12'

function extensions(deflates) {
  if (!deflates) return {}
  const deflate = new PerMessageDeflate({ ...WSPC_DEFLATE, isServer: true })
  deflate.accept(extension.parse(OFFER)[PerMessageDeflate.extensionName])
  return { [PerMessageDeflate.extensionName]: deflate }
}

export function createParser(deflates, handle) {
  const receiver = new Receiver({ isServer: true, extensions: extensions(deflates), maxPayload: 100 * 2 ** 20 })
  receiver.on('message', (data, isBinary) => handle(isBinary ? data : data.toString()))
  receiver.on('error', (error) => {
    throw error
  })
  return (chunk) => void receiver.write(chunk)
}

export function createSender(deflates, handle, sent) {
  const socket = {
    cork() {},
    uncork() {},
    write(data, written) {
      handle(typeof data === 'string' ? Buffer.from(data) : data) // a socket of Node encodes it
      written?.()
    },
  }
  const sender = new Sender(socket, extensions(deflates))
  return (message) => {
    const binary = typeof message !== 'string'
    sender.send(message, { binary, mask: false, compress: deflates, fin: true }, sent)
  }
}

export function mask(target, source, key) {
  maskInto(source, key, target, 0, source.length)
}

export function isUtf8(bytes) {
  return isValidUTF8(bytes)
}
