// Sends back what a server sends, with the global WebSocket of the runtime that runs this: argument 1 is the URL.
import process from 'node:process'

const socket = new WebSocket(process.argv[2])
socket.binaryType = 'arraybuffer'
socket.addEventListener('message', ({ data }) => socket.send(data))
socket.addEventListener('error', ({ message }) => console.error(message))
