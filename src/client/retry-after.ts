// The header field `Retry-After` of a refusing response (RFC 9110 §10.2.3): seconds, or a date in one of the three forms
// that a recipient has to know (§5.6.7). `Date.parse` takes much that is no date of HTTP, and the last form for local time.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const DATES = [
  /^\w{3}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d\d:\d\d:\d\d) GMT$/, // Sun, 06 Nov 1994 08:49:37 GMT
  /^\w{6,9}, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) (?<time>\d\d:\d\d:\d\d) GMT$/, // Sunday, 06-Nov-94 08:49:37 GMT
  /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})$/, // Sun Nov  6 08:49:37 1994
]

/**
 * Milliseconds from `nowMs`, a time of `Date.now()`, that the field asks to wait, none for a date that is past;
 * `undefined` when it is neither seconds nor a date.
 */
export function parseRetryAfter(value: string, nowMs: number): number | undefined {
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  const at = parseHttpDate(value, nowMs)
  return at === undefined ? undefined : Math.max(0, at - nowMs)
}

function parseHttpDate(value: string, nowMs: number): number | undefined {
  const parts = DATES.map((form) => form.exec(value)?.groups).find((groups) => groups !== undefined)
  if (parts === undefined) return undefined
  const { day = '', month = '', year = '', time = '' } = parts
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  const monthIndex = MONTHS.indexOf(month)
  const date = new Date(Date.UTC(fullYear(year, nowMs), monthIndex, Number(day), hours, minutes, 0))
  // The 31st of a month of 30 days would become the 1st of the next. A leap second is a second (§5.6.7).
  const isDate = date.getUTCMonth() === monthIndex && date.getUTCDate() === Number(day)
  if (!isDate || hours > 23 || minutes > 59 || seconds > 60) return undefined
  return date.getTime() + seconds * 1_000
}

/** Of two digits, the latest year that is not more than 50 years ahead (RFC 9110 §5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits)
  const latest = new Date(nowMs).getUTCFullYear() + 50
  return latest - ((latest - Number(digits)) % 100)
}
