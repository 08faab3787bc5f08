// The arguments that benchmarks take.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

const NUMBERS = { rounds: 1, seconds: 0.01, warmup: 0, connections: 1, quiet: 0 } // and the least that each may be

/** A path from where npm was called, as it was meant, and not from where it calls us. */
export function readPath(path) {
  return path === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', path)
}

function readNumber(name, text) {
  const number = Number(text)
  const least = NUMBERS[name]
  if (text === '' || !Number.isFinite(number) || number < least) {
    throw new RangeError(`--${name} has to be a number of at least ${least}, not ${text}`)
  }
  return number
}

/** Names, with commas between them. */
export function readList(name, text, known) {
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
 * @param defaults What is measured unless arguments say otherwise: `cases`, each with a name; `servers`, of which there
 * are `known`; and numbers, by the names of the options that there are for them.
 */
export function readOptions(args, { cases, servers, known = servers, ...numbers }) {
  const names = Object.keys(numbers)
  const all = ['json', 'case', 'servers', 'node', ...names]
  const { values } = parseArgs({ args, options: Object.fromEntries(all.map((name) => [name, { type: 'string' }])) })
  return {
    ...Object.fromEntries(names.map((name) => [name, readNumber(name, values[name] ?? numbers[name])])),
    cases: choose(cases, values.case ?? ''),
    servers: values.servers === undefined ? servers : readList('servers', values.servers, known),
    node: readPath(values.node) ?? process.execPath,
    json: readPath(values.json),
  }
}
