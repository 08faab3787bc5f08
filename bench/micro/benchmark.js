// The parts, without the network.
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CASES } from './cases.js'
import { CONTESTANTS } from './contestants.js'

const worker = join(dirname(fileURLToPath(import.meta.url)), 'worker.js')
const PER_OPERATION = { of: ({ ns }) => ns, label: 'ns' }
const WITHOUT_ADD_ONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' }

export const micro = {
  name: 'micro',
  title: 'The parts',
  about:
    'Without the network: parsing masked frames of clients in chunks of 64 KiB, sending, masking, checking UTF-8, ' +
    'compression. Nanoseconds for each message, each case in a process of its own.',
  cases: CASES,
  contestants: CONTESTANTS,
  usual: ['ws', 'wspc', 'ws-add-ons', 'websocket-driver'],
  numbers: { rounds: 5, seconds: 0.5, warmup: 0.3 },
  ratio: { ...PER_OPERATION, inverted: true },
  columns: [PER_OPERATION],

  async measure(name, one, { seconds, warmup, node }) {
    const { file, addOns = false } = CONTESTANTS[name]
    const env = addOns ? process.env : { ...process.env, ...WITHOUT_ADD_ONS }
    const { stdout } = await promisify(execFile)(node, [worker, JSON.stringify({ file, one, seconds, warmup })], {
      env,
    })
    return JSON.parse(stdout)
  },
}
