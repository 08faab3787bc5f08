// Pictures as text: elements, and a page that is readable on light and on dark. It has a ground of its own, as where it is
// shown as an image nobody knows what is behind it.

const LIGHT = [
  '#6e7781',
  '#0969da',
  '#8250df',
  '#bc4c00',
  '#1a7f37',
  '#bf3989',
  '#9a6700',
  '#cf222e',
  '#0f766e',
  '#57606a',
]
const DARK = [
  '#8b949e',
  '#58a6ff',
  '#bc8cff',
  '#f0883e',
  '#3fb950',
  '#f778ba',
  '#d29922',
  '#ff7b72',
  '#2dd4bf',
  '#b1bac4',
]

function variables(ground, text, faint, colours) {
  const series = colours.map((colour, i) => `--c${i}:${colour}`).join(';')
  return `:root{--ground:${ground};--text:${text};--faint:${faint};${series}}`
}

const STYLE = [
  variables('#ffffff', '#1f2328', '#d1d9e0', LIGHT),
  `@media(prefers-color-scheme:dark){${variables('#0d1117', '#e6edf3', '#3d444d', DARK)}}`,
  'text{font:12px system-ui,sans-serif;fill:var(--text)}',
  '.title{font-weight:600;font-size:14px}',
  '.end{text-anchor:end}',
  '.middle{text-anchor:middle}',
  '.ground{fill:var(--ground)}',
  '.grid{stroke:var(--faint)}',
  '.axis{stroke:var(--text)}',
  ...LIGHT.map((_, i) => `.f${i}{fill:var(--c${i})}.s${i}{stroke:var(--c${i});fill:none;stroke-width:2}`),
].join('')

/** The class of what is filled, or drawn, in the colour of a series. */
export function fillOf(series) {
  return `f${series % LIGHT.length}`
}

export function strokeOf(series) {
  return `s${series % LIGHT.length}`
}

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escaped(text) {
  return String(text).replaceAll(/[&<>"]/g, (character) => ESCAPES[character])
}

/** @param content Elements, as they are, or text that is escaped. */
export function element(name, attributes, content = []) {
  const rounded = (value) => (typeof value === 'number' ? Number(value.toFixed(1)) : value)
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(rounded(value))}"`)
  const inner = typeof content === 'string' ? escaped(content) : content.join('')
  return `<${name}${written.join('')}>${inner}</${name}>`
}

export function text(x, y, content, classes = '') {
  return element('text', { x, y, class: classes }, content)
}

export function line(x1, y1, x2, y2, classes) {
  return element('line', { x1, y1, x2, y2, class: classes })
}

const LEGEND_LINE = 18
const CHARACTER = 6.8 // about

/** Which colour is whose, in lines from a corner on. @returns The elements, and where they end. */
export function legend(labels, left, top, right) {
  const elements = []
  let x = left
  let y = top
  for (const { label, series } of labels) {
    const width = 30 + label.length * CHARACTER
    if (x > left && x + width > right) {
      x = left
      y += LEGEND_LINE
    }
    elements.push(
      element('rect', { x, y: y - 9, width: 10, height: 10, class: fillOf(series) }),
      text(x + 15, y, label),
    )
    x += width
  }
  return { elements, bottom: y }
}

export function page(width, height, title, content) {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
  }
  const ground = element('rect', { width, height, class: 'ground' })
  const parts = [
    element('title', {}, title),
    `<style>${STYLE}</style>`,
    ground,
    text(16, 24, title, 'title'),
    ...content,
  ]
  return `${element('svg', attributes, parts)}\n`
}
