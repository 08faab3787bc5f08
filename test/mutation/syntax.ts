// The syntax tree of a compiled module, and texts with edits in them.

import { type AnyNode, type Program, parse } from 'acorn'
import { fullAncestor } from 'acorn-walk'

export function parseModule(text: string): Program {
  return parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
}

/** Calls back once for every node, with the nodes that it is in, outermost first. */
export function eachNode(program: Program, callback: (node: AnyNode, within: readonly AnyNode[]) => void): void {
  // A walk comes to some nodes twice: as what they are, and as what they stand for.
  const seen = new Set<AnyNode>()
  fullAncestor<undefined>(program, (node, _, ancestors) => {
    if (!seen.has(node)) callback(node, ancestors.slice(0, -1))
    seen.add(node)
  })
}

/** What stands in the place of `text.slice(start, end)`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The text with all edits made; those at the same place in the order in which they are given. */
export function edited(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, edit.start) + edit.text
    at = edit.end
  }
  return result + text.slice(at)
}
