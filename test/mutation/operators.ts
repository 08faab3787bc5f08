// What is changed in a module, one thing at a time: operators, bounds, constants, conditions and statements. Strings are
// left alone, and so is whatever the compiler would not let through.

import type { AnyNode, BinaryExpression, Literal, LogicalExpression, Program, Statement } from 'acorn'
import { type Edit, parseModule } from '../support/syntax.ts'
import { eachNode } from './each-node.ts'

export interface Mutant {
  readonly edit: Edit
  /** What is written, and what stood in its place. */
  readonly original: string
  readonly mutated: string
}

const BINARY: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<<': '>>',
  '>>': '<<',
  '>>>': '<<',
  '&': '|',
  '|': '&',
  '^': '&',
}

const LOGICAL: Readonly<Record<string, string>> = { '&&': '||', '||': '&&', '??': '&&' }

const ASSIGNMENT: Readonly<Record<string, string>> = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '<<=': '>>=',
  '>>=': '<<=',
  '>>>=': '<<=',
  '&=': '|=',
  '|=': '&=',
  '^=': '&=',
}

/** What is swapped with its operands in brackets: it would bind more tightly, or may not stand there without. */
const GROUPED = ['??', '|', '^']

/** How a constant to the right of a comparison is moved: where a swap of the operator comes to the same, only the other way. */
const MOVES: Readonly<Record<string, readonly number[]>> = {
  '<': [-1],
  '<=': [1],
  '>': [1],
  '>=': [-1],
  '===': [1, -1],
  '!==': [1, -1],
}

/** All mutants of a compiled module, in the order of its text. */
export function mutantsOf(text: string): Mutant[] {
  return new Mutation(text).mutants.toSorted((a, b) => a.edit.start - b.edit.start)
}

class Mutation {
  readonly mutants: Mutant[] = []
  readonly #text: string

  constructor(text: string) {
    this.#text = text
    const program: Program = parseModule(text)
    eachNode(program, (node, within) => this.#mutate(node, within.at(-1), within))
  }

  #mutate(node: AnyNode, parent: AnyNode | undefined, within: readonly AnyNode[]): void {
    switch (node.type) {
      case 'BinaryExpression':
        if (node.operator !== '+' || !(this.#isText(node.left) || this.#isText(node.right))) {
          this.#swapOperator(node, BINARY[node.operator])
        }
        break
      case 'LogicalExpression':
        this.#swapOperator(node, LOGICAL[node.operator])
        break
      case 'AssignmentExpression':
        if (!(node.operator === '+=' && this.#isText(node.right))) {
          this.#swapBetween(node, node.left, node.right, node.operator, ASSIGNMENT[node.operator])
        }
        break
      case 'UpdateExpression':
        // One that moves a loop only ever makes it endless.
        if (!(parent?.type === 'ForStatement' && parent.update === node)) {
          const operator = node.operator === '++' ? '--' : '++'
          const start = node.prefix ? node.start : node.end - 2
          this.#add(node, { start, end: start + 2, text: operator })
        }
        break
      case 'UnaryExpression':
        if (node.operator === '!' || node.operator === '~') {
          this.#add(node, { start: node.start, end: node.start + 1, text: '' })
        }
        break
      case 'Literal':
        this.#changeConstant(node, parent, within)
        break
      case 'MemberExpression':
        this.#swapExtremes(node.start, node.end, parent)
        break
      case 'IfStatement':
      case 'ConditionalExpression':
        this.#force(node.test, [true, false])
        break
      case 'WhileStatement':
      case 'DoWhileStatement':
        if (node.test.type !== 'Literal') this.#force(node.test, [false])
        break
      case 'ForStatement':
        if (node.test) this.#force(node.test, [false])
        break
      case 'ExpressionStatement':
      case 'ReturnStatement':
      case 'ThrowStatement':
      case 'BreakStatement':
      case 'ContinueStatement':
        this.#remove(node, parent, within)
        break
    }
  }

  #add(shown: { start: number; end: number }, edit: Edit): void {
    const { start, end } = shown
    const original = this.#text.slice(start, end)
    const mutated = original.slice(0, edit.start - start) + edit.text + original.slice(edit.end - start)
    this.mutants.push({ edit, original: oneLine(original), mutated: oneLine(mutated) })
  }

  #swapOperator(node: BinaryExpression | LogicalExpression, operator: string | undefined): void {
    const { start, end, left, right } = node
    if (!GROUPED.includes(node.operator)) {
      this.#swapBetween(node, left, right, node.operator, operator)
      return
    }
    const at = this.#text.indexOf(node.operator, left.end)
    const before = this.#text.slice(start, at).trimEnd()
    const after = this.#text.slice(at + node.operator.length, end).trimStart()
    const mutated = `(${before}) ${operator} (${after})`
    this.mutants.push({
      edit: { start, end, text: `(${mutated})` },
      original: oneLine(this.#text.slice(start, end)),
      mutated: oneLine(mutated),
    })
  }

  #swapBetween(node: AnyNode, left: AnyNode, right: AnyNode, from: string, to: string | undefined): void {
    if (to === undefined) return
    const start = this.#text.indexOf(from, left.end)
    if (start < right.start) this.#add(node, { start, end: start + from.length, text: to })
  }

  #changeConstant(node: Literal, parent: AnyNode | undefined, within: readonly AnyNode[]): void {
    const { start, end, value } = node
    if (typeof value === 'boolean') this.#add(node, { start, end, text: String(!value) })
    if (typeof value !== 'number') return
    if ((parent?.type === 'Property' && parent.key === node) || parent?.type === 'PropertyDefinition') {
      if (parent.key === node) return
    }
    const isHex = /^0x/i.test(this.#text.slice(start, end))
    const write = (number: number) => (isHex ? `0x${number.toString(16)}` : String(number))
    for (const move of this.#moves(node, parent, within)) {
      const shown = this.#aroundConstant(node, parent)
      if (value + move >= 0) this.#add(shown, { start, end, text: write(value + move) })
    }
  }

  /** A number is recognised by what it is part of. */
  #aroundConstant(node: AnyNode, parent: AnyNode | undefined): AnyNode {
    const shown = ['BinaryExpression', 'AssignmentExpression', 'VariableDeclarator', 'Property', 'PropertyDefinition']
    const isShort = parent !== undefined && parent.end - parent.start <= 80
    return isShort && (shown.includes(parent.type) || parent.type === 'MemberExpression') ? parent : node
  }

  /** Both ways where it is a bound: compared with, or with a name of its own. */
  #moves(node: Literal, parent: AnyNode | undefined, within: readonly AnyNode[]): readonly number[] {
    if (parent?.type === 'BinaryExpression' && parent.right === node && MOVES[parent.operator]) {
      return MOVES[parent.operator]!
    }
    return within.some((outer) => /Function/.test(outer.type)) ? [1] : [1, -1]
  }

  #swapExtremes(start: number, end: number, parent: AnyNode | undefined): void {
    const name = this.#text.slice(start, end)
    if (parent?.type !== 'CallExpression' || (name !== 'Math.min' && name !== 'Math.max')) return
    this.#add(parent, { start, end, text: name === 'Math.min' ? 'Math.max' : 'Math.min' })
  }

  #force(condition: AnyNode, values: readonly boolean[]): void {
    for (const value of values) {
      this.#add(condition, { start: condition.start, end: condition.end, text: String(value) })
    }
  }

  #remove(node: Statement, parent: AnyNode | undefined, within: readonly AnyNode[]): void {
    if (this.#isCall(node, 'super') || this.#isOnlyBranch(node, parent, within)) return
    // The last return of a function: nothing that the compiler would let through is left.
    if (node.type === 'ReturnStatement' && node.argument && this.#isLastOfFunction(node, within)) return
    const original = oneLine(this.#text.slice(node.start, node.end))
    this.mutants.push({ edit: { start: node.start, end: node.end, text: ';' }, original, mutated: '(removed)' })
  }

  #isCall(node: Statement, callee: string): boolean {
    return node.type === 'ExpressionStatement' && this.#text.startsWith(`${callee}(`, node.start)
  }

  /** Without what is the only branch, or all of `else`, it is as if the condition were false, or true. */
  #isOnlyBranch(node: Statement, parent: AnyNode | undefined, within: readonly AnyNode[]): boolean {
    const isAlone = parent?.type === 'BlockStatement' && parent.body.length === 1
    const branch = isAlone ? parent : node
    const owner = isAlone ? within.at(-2) : parent
    if (owner?.type !== 'IfStatement') return false
    return owner.alternate === branch || (owner.consequent === branch && !owner.alternate)
  }

  #isLastOfFunction(node: Statement, within: readonly AnyNode[]): boolean {
    const block = within.at(-1)
    return block?.type === 'BlockStatement' && block.body.at(-1) === node && /Function/.test(within.at(-2)?.type ?? '')
  }

  #isText(node: AnyNode): boolean {
    if (node.type === 'TemplateLiteral') return true
    if (node.type === 'Literal') return typeof node.value === 'string'
    return (
      node.type === 'BinaryExpression' && node.operator === '+' && (this.#isText(node.left) || this.#isText(node.right))
    )
  }
}

/** One line of at most a hundred characters. */
function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`
}
