// Growth as curves: panels side by side, both axes logarithmic.

import { logScale, logTicks } from './scale.js'
import { element, fillOf, legend, line, page, strokeOf, text } from './svg.js'

const PANEL = 430
const HEIGHT = 330
const TOP = 84
const BOTTOM = HEIGHT - 48
const LEFT = 66
const RIGHT = PANEL - 20

/**
 * @param panels Each with a `title`, `points` by series, as pairs, and how numbers are shown, `showX` and `showY`;
 * `isBytes` of what goes up.
 * @param series Labels.
 */
export function curves({ title, panels, series, along }) {
  const labels = series.map((label, i) => ({ label, series: i }))
  const parts = panels.map((panel, i) =>
    element('g', { transform: `translate(${i * PANEL} 0)` }, drawPanel(panel, along)),
  )
  return page(PANEL * panels.length, HEIGHT, title, [...legend(labels, 16, 46, PANEL).elements, ...parts])
}

function drawPanel({ title, points, showX, showY, isBytes = false }, along) {
  const all = points.flat().filter(([, y]) => y > 0)
  const ticksX = [...new Set(all.map(([x]) => x))].sort((a, b) => a - b) // where it was measured
  const ticksY = logTicks(
    all.map(([, y]) => y),
    { isBytes },
  )
  const x = logScale(ticksX[0], ticksX.at(-1), LEFT, RIGHT)
  const y = logScale(ticksY[0], ticksY.at(-1), BOTTOM, TOP)
  return [
    text(LEFT, TOP - 12, title),
    ...ticksY.flatMap((tick) => [
      line(LEFT, y(tick), RIGHT, y(tick), 'grid'),
      text(LEFT - 8, y(tick) + 4, showY(tick), 'end'),
    ]),
    ...ticksX.map((tick) => text(x(tick), BOTTOM + 18, showX(tick), 'middle')),
    text((LEFT + RIGHT) / 2, BOTTOM + 38, along, 'middle'),
    ...points.flatMap((pairs, i) => drawCurve(pairs, x, y, i)),
  ]
}

function drawCurve(pairs, x, y, series) {
  const at = pairs.filter(([, value]) => value > 0).map(([key, value]) => [x(key), y(value)])
  const path = at.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${px.toFixed(1)} ${py.toFixed(1)}`).join('')
  const dots = at.map(([cx, cy]) => element('circle', { cx, cy, r: 3.5, class: fillOf(series) }))
  return [element('path', { d: path, class: strokeOf(series) }), ...dots]
}
