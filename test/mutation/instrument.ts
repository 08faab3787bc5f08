// What is added to modules so that tests can be chosen and ended: a call at every point that may or may not be reached,
// and a call at every turn of a loop. A loop that the tests turn a hundred times, and a mutant for ever, ends that way
// after the same number of turns on every machine, and no clock decides.

import type { AnyNode } from 'acorn'
import { type Edit, parseModule } from '../support/syntax.ts'
import { eachNode } from './each-node.ts'

/** A part of a module: either all of it is begun, or nothing. */
export interface Point {
  readonly start: number
  readonly end: number
}

export interface Places {
  readonly points: readonly Point[]
  /** An edit for each point: calls `__point`. */
  pointEdits(firstNumber: number): Edit[]
  /** Each turn of a loop calls `__turn`. */
  readonly turnEdits: readonly Edit[]
}

export function placesOf(text: string): Places {
  const points: Point[] = []
  const braced: boolean[] = []
  const expressions: boolean[] = []
  const turnEdits: Edit[] = []
  const add = (node: AnyNode, isExpression: boolean, needsBraces: boolean) => {
    points.push(node)
    expressions.push(isExpression)
    braced.push(needsBraces)
  }
  const statement = (node: AnyNode | null | undefined) => {
    if (node && node.type !== 'BlockStatement') add(node, false, true)
  }
  const loop = (body: AnyNode) => {
    if (body.type === 'BlockStatement') {
      turnEdits.push({ start: body.start + 1, end: body.start + 1, text: '__turn();' })
    } else {
      turnEdits.push(
        { start: body.start, end: body.start, text: '{__turn();' },
        { start: body.end, end: body.end, text: '}' },
      )
    }
  }

  eachNode(parseModule(text), (node) => {
    switch (node.type) {
      case 'Program':
        for (const child of node.body) if (!child.type.startsWith('Import')) add(child, false, false)
        break
      case 'BlockStatement':
      case 'StaticBlock':
        for (const child of node.body) add(child, false, false)
        break
      case 'SwitchCase':
        for (const child of node.consequent) add(child, false, false)
        break
      case 'IfStatement':
        statement(node.consequent)
        statement(node.alternate)
        break
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        loop(node.body)
        break
      case 'ConditionalExpression':
        add(node.consequent, true, false)
        add(node.alternate, true, false)
        break
      case 'LogicalExpression':
        add(node.right, true, false)
        break
      case 'ArrowFunctionExpression':
        if (node.expression) add(node.body, true, false)
        break
      case 'AssignmentPattern':
        add(node.right, true, false)
        break
      case 'PropertyDefinition':
        if (node.value) add(node.value, true, false)
        break
    }
  })

  const pointEdits = (firstNumber: number) =>
    points.flatMap(({ start, end }, i) => {
      const call = `__point(${firstNumber + i})`
      if (expressions[i] === true) {
        return [
          { start, end: start, text: `(${call},` },
          { start: end, end, text: ')' },
        ]
      }
      if (braced[i] === true) {
        return [
          { start, end: start, text: `{${call};` },
          { start: end, end, text: '}' },
        ]
      }
      return [{ start, end: start, text: `${call};` }]
    })
  return { points, pointEdits, turnEdits }
}

/** The number of the innermost point around an edit; none where nothing but the whole module is. */
export function pointAround(points: readonly Point[], edit: Edit): number | undefined {
  let innermost: number | undefined
  points.forEach(({ start, end }, i) => {
    if (start > edit.start || end < edit.end) return
    const best = innermost === undefined ? undefined : points[innermost]
    if (best === undefined || end - start <= best.end - best.start) innermost = i
  })
  return innermost
}
