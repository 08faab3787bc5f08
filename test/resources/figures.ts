// What a measurement comes to: figures, each with what it may be.

export interface Figure {
  readonly of: string
  readonly value: number
  readonly unit?: string
  readonly least?: number
  readonly most?: number
}

export interface Outcome {
  readonly figures: readonly Figure[]
  /** What is to be read beside them when one is wrong. */
  readonly notes?: readonly string[]
}

/** A measurement as data: what it is called, what it does, and the measuring itself. */
export interface Scenario {
  readonly name: string
  readonly what: string
  measure(): Promise<Outcome>
}

export const MIB = 1_048_576
export const KIB = 1_024

export function mebibytes(of: string, bytes: number, most?: number): Figure {
  return { of, value: bytes / MIB, unit: 'MiB', ...(most === undefined ? {} : { most: most / MIB }) }
}

export function kibibytes(of: string, bytes: number, most?: number): Figure {
  return { of, value: bytes / KIB, unit: 'KiB', ...(most === undefined ? {} : { most: most / KIB }) }
}

function isWithinBounds({ value, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Figure): boolean {
  return value >= least && value <= most
}

/** The figures that are not what they may be, a line each. */
export function complaints({ figures }: Outcome): string[] {
  return figures.filter((figure) => !isWithinBounds(figure)).map((figure) => `${figure.of}: ${formatFigure(figure)}`)
}

/** `12.3 MiB (at most 8)` */
export function formatFigure({ value, unit, least, most }: Figure): string {
  const bounds = [
    least === undefined ? '' : `at least ${number(least)}`,
    most === undefined ? '' : `at most ${number(most)}`,
  ]
  const said = bounds.filter((bound) => bound !== '').join(', ')
  return `${number(value)}${unit === undefined ? '' : ` ${unit}`}${said === '' ? '' : ` (${said})`}`
}

function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 })
}
