// What the commands of the long runs take: numbers and words, each with a default. `--streams=1000000 --seed=7`.

import { parseArgs } from 'node:util'

/** The defaults, with what the command line says in their place; ends the process with 2 where it says what is not understood. */
export function commandOptions<T extends Record<string, number | string>>(defaults: T, usage: string): T {
  try {
    return readOptions(process.argv.slice(2), defaults)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

export function readOptions<T extends Record<string, number | string>>(args: readonly string[], defaults: T): T {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ args: [...args], options, strict: true })
  const read = Object.entries(values).map(([name, text]) => {
    if (typeof defaults[name] === 'string') return [name, text]
    const number = Number(text)
    if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`--${name} takes a whole number, not ${text}`)
    return [name, number]
  })
  return { ...defaults, ...Object.fromEntries(read) }
}
