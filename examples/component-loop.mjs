// The classic demonstration of websocket.h in one program: a client's handle and a server's handle, the headers of the
// handshake handed across, and the action loop on both sides. There is no network: what one side writes, the other reads.
//
//   node examples/component-loop.mjs

import {
  S_OK,
  WEB_SOCKET_ALL_ACTION_QUEUE,
  WEB_SOCKET_CLOSE_BUFFER_TYPE,
  WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION,
  WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
  WEB_SOCKET_NO_ACTION,
  WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
  WEB_SOCKET_SEND_TO_NETWORK_ACTION,
  WEB_SOCKET_SUCCESS_CLOSE_STATUS,
  WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
  WebSocketAbortHandle,
  WebSocketBeginClientHandshake,
  WebSocketBeginServerHandshake,
  WebSocketCompleteAction,
  WebSocketCreateClientHandle,
  WebSocketCreateServerHandle,
  WebSocketDeleteHandle,
  WebSocketEndClientHandshake,
  WebSocketEndServerHandshake,
  WebSocketGetAction,
  WebSocketReceive,
  WebSocketSend,
} from 'wspc/component'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The outputs of a call that must succeed. */
function check(result) {
  if (result.hr !== S_OK) throw new Error(`0x${result.hr.toString(16)}: ${result.detail}`)
  return result
}

/** One direction of the network: bytes that were written and not read yet. */
class Pipe {
  #bytes = []

  write(bytes) {
    this.#bytes.push(...bytes)
    return bytes.length
  }

  read(target) {
    const bytes = this.#bytes.splice(0, target.length)
    target.set(bytes)
    return bytes.length
  }
}

/** Does what the engine asks for until there is nothing more to do. */
function runLoop(name, handle, input, output) {
  for (;;) {
    const result = WebSocketGetAction(handle, WEB_SOCKET_ALL_ACTION_QUEUE, 2)
    if (result.hr !== S_OK) WebSocketAbortHandle(handle) // the next calls hand out what is queued, then NO_ACTION
    const { action, bufferType, dataBuffers, applicationContext, actionContext } = check(result)
    let bytesTransferred = 0

    if (action === WEB_SOCKET_NO_ACTION) return
    if (action === WEB_SOCKET_SEND_TO_NETWORK_ACTION) {
      for (const { data } of dataBuffers) bytesTransferred += output.write(data)
      console.log(`${name} writes ${bytesTransferred} bytes`)
    } else if (action === WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION) {
      bytesTransferred = input.read(dataBuffers[0].data)
      console.log(`${name} reads ${bytesTransferred} bytes`)
    } else if (action === WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION) {
      console.log(`${name} has sent ${applicationContext}`)
    } else if (action === WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION) {
      const { data, status } = dataBuffers[0]
      // The buffer is the engine's: what is to be kept is copied, here by decoding it.
      if (bufferType === WEB_SOCKET_CLOSE_BUFFER_TYPE) console.log(`${name} received a close, status ${status}`)
      else console.log(`${name} received "${decoder.decode(data)}"`)
    }
    WebSocketCompleteAction(handle, actionContext, bytesTransferred)
  }
}

const clientToServer = new Pipe()
const serverToClient = new Pipe()
const client = check(WebSocketCreateClientHandle()).handle
const server = check(WebSocketCreateServerHandle()).handle
const runClient = () => runLoop('client', client, serverToClient, clientToServer)
const runServer = () => runLoop('server', server, clientToServer, serverToClient)

// The handshake. A real client writes "GET /chat HTTP/1.1" and these headers, a real server "HTTP/1.1 101 Switching
// Protocols" and its own; both status lines are the application's to write and to check.
const host = { name: 'Host', value: 'localhost' }
const { additionalHeaders } = check(WebSocketBeginClientHandshake(client, ['chat'], [], [host]))
const request = [host, ...additionalHeaders]
const { responseHeaders } = check(WebSocketBeginServerHandshake(server, 'chat', [], request))
check(WebSocketEndServerHandshake(server))
const { selectedSubprotocol } = check(WebSocketEndClientHandshake(client, responseHeaders))
console.log(`handshake done, subprotocol ${selectedSubprotocol} of the offered`)

// A message from the client to the server, and one back.
const hello = encoder.encode('Hello from the client')
check(WebSocketSend(client, WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, { data: hello }, 'hello'))
runClient()
check(WebSocketReceive(server))
runServer()

const answer = encoder.encode('Hello from the server')
check(WebSocketSend(server, WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, { data: answer }, 'answer'))
runServer()
check(WebSocketReceive(client))
runClient()

// The closing handshake: the engine never closes on its own, so each side sends its own close.
const reason = encoder.encode('done')
const goodbye = { status: WEB_SOCKET_SUCCESS_CLOSE_STATUS, reason }
check(WebSocketSend(client, WEB_SOCKET_CLOSE_BUFFER_TYPE, goodbye, 'close'))
runClient()
check(WebSocketReceive(server))
runServer()
check(WebSocketSend(server, WEB_SOCKET_CLOSE_BUFFER_TYPE, goodbye, 'close'))
runServer()
check(WebSocketReceive(client))
runClient()

WebSocketDeleteHandle(client)
WebSocketDeleteHandle(server)
console.log('done')
