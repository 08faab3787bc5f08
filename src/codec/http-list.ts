// The list grammar of HTTP header values: tokens, quoted strings, comma lists, parameters (RFC 9110 §5.6, RFC 6455
// §4.3 and §9.1). Every function looks at each character once: the text may come from anyone and be of any length.

/** One element of an extension list: a name and its parameters (RFC 6455 §9.1). */
export interface ListEntry {
  readonly name: string
  /** In their order; `undefined` is a parameter without a value. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[]
}

const TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Indexed by code unit; past its end, and so for everything outside ASCII, a look-up finds nothing.
const IS_TOKEN_CHAR = Array.from({ length: 128 }, (_, code) => TOKEN_CHARS.includes(String.fromCharCode(code)))

/** Whether a token may contain this code unit: `tchar` (RFC 9110 §5.6.2). */
export function isTokenChar(code: number): boolean {
  return IS_TOKEN_CHAR[code] === true
}

/** Whether the text is a token: one `tchar` or more (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isTokenChar(text.charCodeAt(i))) return false
  }
  return text.length > 0
}

/** Whether the code unit is optional whitespace: space or tab (RFC 9110 §5.6.3). */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The text without the spaces and tabs around it. `trim` would take more, such as U+00A0, which a value may hold. */
export function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Equality without regard to ASCII case. Unicode case mapping would make a Kelvin sign of the `k` in `websocket`. */
export function isSameIgnoringCase(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) {
    if (foldAsciiCase(a.charCodeAt(i)) !== foldAsciiCase(b.charCodeAt(i))) return false
  }
  return true
}

function foldAsciiCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}

/** What stands between the commas, without blanks around it; empty elements are kept, for the caller to judge. */
export function splitList(text: string): string[] {
  return text.split(',').map(trimBlanks)
}

/** `1#token` without empty elements (RFC 6455 §4.3); `undefined` when the text is anything else. */
export function parseTokenList(text: string): string[] | undefined {
  const elements = splitList(text)
  return elements.every(isToken) ? elements : undefined
}

/** `extension-list` (RFC 6455 §9.1); `undefined` when the text does not match the grammar. */
export function parseExtensionList(text: string): ListEntry[] | undefined {
  const cursor: Cursor = { text, at: 0 }
  const entries: ListEntry[] = []
  do {
    const entry = parseEntry(cursor)
    if (entry === undefined) return undefined
    entries.push(entry)
  } while (skipChar(cursor, ','))
  return cursor.at === text.length ? entries : undefined
}

/**
 * The entries as the value of one header.
 *
 * @throws TypeError when a name or a value is not a token: quoted or not, the grammar has no other (RFC 6455 §9.1).
 */
export function formatExtensionList(entries: readonly ListEntry[]): string {
  return entries.map(formatEntry).join(', ')
}

function formatEntry({ name, parameters }: ListEntry): string {
  const formatted = parameters.map(([parameter, value]) =>
    value === undefined ? checkToken(parameter) : `${checkToken(parameter)}=${checkToken(value)}`,
  )
  return [checkToken(name), ...formatted].join('; ')
}

function checkToken(text: string): string {
  if (!isToken(text)) throw new TypeError('Cannot write the extension: a name or a value is not a token')
  return text
}

/** A place in a text; blanks around tokens and separators are the "implied *LWS" of RFC 6455 §4.3. */
interface Cursor {
  readonly text: string
  at: number
}

/** `extension-token *( ";" extension-param )`. */
function parseEntry(cursor: Cursor): ListEntry | undefined {
  const name = parseToken(cursor)
  if (name === undefined) return undefined
  const parameters: [string, string | undefined][] = []
  while (skipChar(cursor, ';')) {
    const parameter = parseToken(cursor)
    if (parameter === undefined) return undefined
    if (skipChar(cursor, '=')) {
      const value = skipChar(cursor, '"') ? parseQuotedToken(cursor) : parseToken(cursor)
      if (value === undefined) return undefined
      parameters.push([parameter, value])
    } else {
      parameters.push([parameter, undefined])
    }
  }
  return { name, parameters }
}

function parseToken(cursor: Cursor): string | undefined {
  skipBlanks(cursor)
  const start = cursor.at
  while (isTokenChar(cursor.text.charCodeAt(cursor.at))) cursor.at++
  return cursor.at === start ? undefined : cursor.text.slice(start, cursor.at)
}

/**
 * What is left of a quoted string after its opening quote. "The value after quoted-string unescaping MUST conform to
 * the 'token' ABNF" (RFC 6455 §9.1), so the first character that a token cannot have, the end of the text included,
 * decides.
 */
function parseQuotedToken(cursor: Cursor): string | undefined {
  let value = ''
  for (;;) {
    const char = cursor.text.charAt(cursor.at++)
    if (char === '"') return value === '' ? undefined : value
    const unescaped = char === '\\' ? cursor.text.charAt(cursor.at++) : char
    if (!isToken(unescaped)) return undefined
    value += unescaped
  }
}

/** Moves past the blanks and then the character, if it is there. */
function skipChar(cursor: Cursor, char: string): boolean {
  skipBlanks(cursor)
  if (cursor.text.charAt(cursor.at) !== char) return false
  cursor.at++
  return true
}

function skipBlanks(cursor: Cursor): void {
  while (isBlank(cursor.text.charCodeAt(cursor.at))) cursor.at++
}
