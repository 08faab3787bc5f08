// A walk through a syntax tree.

import type { AnyNode, Program } from 'acorn'
import { fullAncestor } from 'acorn-walk'

/** Calls back once for every node, with the nodes that it is in, outermost first. */
export function eachNode(program: Program, callback: (node: AnyNode, within: readonly AnyNode[]) => void): void {
  // A walk comes to some nodes twice: as what they are, and as what they stand for.
  const seen = new Set<AnyNode>()
  fullAncestor<undefined>(program, (node, _, ancestors) => {
    if (!seen.has(node)) callback(node, ancestors.slice(0, -1))
    seen.add(node)
  })
}
