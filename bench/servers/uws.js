// A server on uWebSockets.js, which is not on npm: npm install --prefix bench --no-save uNetworking/uWebSockets.js#v20.52.0
import uWS from 'uWebSockets.js'
import { ready, settings } from './ready.js'

const { deflate, burst } = settings
const TOPIC = 'all'

const app = uWS.App().ws('/*', {
  compression: deflate ? uWS.SHARED_COMPRESSOR : uWS.DISABLED,
  maxPayloadLength: 64 * 2 ** 20,
  maxBackpressure: 64 * 2 ** 20,
  open(socket) {
    if (burst > 0) socket.subscribe(TOPIC)
  },
  message(socket, message, isBinary) {
    if (burst === 0) socket.send(message, isBinary, deflate)
    else for (let i = 0; i < burst; i++) app.publish(TOPIC, message, isBinary, deflate)
  },
})
app.listen('127.0.0.1', 0, (listening) => ready(uWS.us_socket_local_port(listening)))
