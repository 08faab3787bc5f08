// Runs the web client in the Node that runs this: argument 1 is the URL. Prints OK, or what went wrong.
import { talk } from './web-client.js'

const failures = await talk(process.argv[2], 16 * 1024 * 1024)
console.log(failures.length === 0 ? 'OK' : failures.join('\n'))
