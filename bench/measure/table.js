// Tables in Markdown, and numbers in them.

/** @param names How many columns at the left are names; the others are numbers. */
export function table(head, rows, { names = 1 } = {}) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column < names ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** A number with three digits that count, thousands apart. */
export function short(number) {
  if (!Number.isFinite(number)) return '–'
  if (Math.abs(number) >= 100) return Math.round(number).toLocaleString('en')
  return Number(number.toPrecision(3)).toString()
}

export function ratio(number) {
  if (!Number.isFinite(number)) return '–'
  return number >= 10 ? number.toFixed(1) : number.toFixed(2)
}
