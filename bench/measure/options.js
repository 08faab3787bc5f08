// The arguments that all benchmarks take.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const TEXT = { type: 'string' }

/** A path from where npm was called, as it was meant, and not from where it calls us. */
function readPath(path) {
  return path === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', path)
}

/** A number of at least `least`, or an error that names the option. */
function readNumber(name, text, least) {
  const number = Number(text)
  if (text === '' || !Number.isFinite(number) || number < least) {
    throw new RangeError(`--${name} has to be a number of at least ${least}, not ${text}`)
  }
  return number
}

function readList(name, text, known) {
  const names = text.split(',')
  const unknown = names.find((one) => !known.includes(one))
  if (unknown !== undefined) throw new RangeError(`--${name}: there is no ${unknown}, only ${known.join(', ')}`)
  return names
}

/** Those whose name contains a word. */
function choose(cases, word) {
  const chosen = cases.filter(({ name }) => name.includes(word))
  if (chosen.length > 0) return chosen
  throw new RangeError(`--case: none contains "${word}"; there are: ${cases.map(({ name }) => name).join('; ')}`)
}

/**
 * @param defaults What is measured unless arguments say otherwise: `cases`, `servers`, of which there are `known`,
 * `rounds`, `seconds`.
 */
export function readOptions(args, { cases, servers, known, rounds = 5, seconds = 2 }) {
  const { values } = parseArgs({
    args,
    options: { rounds: TEXT, seconds: TEXT, warmup: TEXT, json: TEXT, case: TEXT, servers: TEXT, node: TEXT },
  })
  return {
    rounds: readNumber('rounds', values.rounds ?? rounds, 1),
    seconds: readNumber('seconds', values.seconds ?? seconds, 0.01),
    warmup: readNumber('warmup', values.warmup ?? 0.5, 0),
    cases: choose(cases, values.case ?? ''),
    servers: values.servers === undefined ? servers : readList('servers', values.servers, known),
    node: readPath(values.node) ?? process.execPath,
    json: readPath(values.json),
  }
}
