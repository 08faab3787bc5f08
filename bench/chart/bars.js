// Ratios as bars: from 1 to the right is better than what is compared with, to the left worse.

import { logScale, logTicks } from './scale.js'
import { element, fillOf, legend, line, page, text } from './svg.js'

const WIDTH = 860
const LEFT = 300
const RIGHT = WIDTH - 60
const BELOW_LEGEND = 32
const BAR = 13
const GAP = 12

/**
 * @param groups Each with a `label` and `values`, in the order of the series; one that is no number has no bar.
 * @param series Labels.
 */
export function ratioBars({ title, groups, series, than }) {
  const numbers = groups.flatMap(({ values }) => values).filter(Number.isFinite)
  const ticks = logTicks([1, ...numbers])
  const x = logScale(ticks[0], ticks.at(-1), LEFT, RIGHT)
  const colours = series.map((label, i) => ({ label, series: i + 1 }))
  const { elements, bottom: legendBottom } = legend(colours, 16, 48, WIDTH - 16)
  const top = legendBottom + BELOW_LEGEND
  const bottom = top + groups.length * (series.length * BAR + GAP)
  const grid = ticks.flatMap((tick) => [
    line(x(tick), top - 8, x(tick), bottom, 'grid'),
    text(x(tick), bottom + 16, `${tick}×`, 'middle'),
  ])
  const parts = [...elements, ...grid]
  let y = top
  for (const { label, values } of groups) {
    parts.push(text(LEFT - 10, y + (series.length * BAR) / 2 + 4, label, 'end'))
    for (const [i, value] of values.entries()) {
      if (Number.isFinite(value)) parts.push(...bar(x, y, value, i + 1))
      y += BAR
    }
    y += GAP
  }
  parts.push(line(x(1), top - 8, x(1), bottom, 'axis'), text(x(1), top - 12, than, 'middle'))
  return page(WIDTH, bottom + 26, title, parts)
}

function bar(x, y, value, series) {
  const from = Math.min(x(1), x(value))
  const to = Math.max(x(1), x(value))
  const shown = `${value >= 10 ? value.toFixed(1) : value.toFixed(2)}×`
  return [
    element('rect', { x: from, y: y + 1, width: Math.max(to - from, 1), height: BAR - 2, class: fillOf(series) }),
    text(to + 5, y + BAR - 2.5, shown),
  ]
}
