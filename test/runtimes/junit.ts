// Reports in the JUnit format, as Bun and Deno write them.

export interface Outcome {
  /** The names of the groups that the test is in and its own, joined by ` > `. */
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
}

const ELEMENT = /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g

/** The tests of a report. Attribute values hold no `>`: both escape it. */
export function parseJunit(xml: string): Outcome[] {
  const outcomes: Outcome[] = []
  for (const [, attributes = '', body = ''] of xml.matchAll(ELEMENT)) {
    const result = /<(failure|error)\b/.test(body) ? 'failed' : /<skipped\b/.test(body) ? 'skipped' : 'passed'
    outcomes.push({ name: nameOf(attributes), result })
  }
  return outcomes
}

// Bun names the groups apart, innermost first; with Deno the name has them, and a class name that is a file.
function nameOf(attributes: string): string {
  const name = attribute(attributes, 'name')
  const groups = attribute(attributes, 'classname')
  if (groups === '' || /^(\.|ext:|file:)/.test(groups)) return name
  return [...groups.split(' > ').reverse(), name].join(' > ')
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
  return value.replace(/&(#\d+|#x[\da-f]+|\w+);/gi, (_, entity: string) => character(entity))
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function character(entity: string): string {
  if (!entity.startsWith('#')) return ENTITIES[entity] ?? `&${entity};`
  const isHex = /^#x/i.test(entity)
  return String.fromCodePoint(Number.parseInt(entity.slice(isHex ? 2 : 1), isHex ? 16 : 10))
}
