// The usual words for an HTTP status (RFC 9110 §15, RFC 6585): of those that servers refuse with, and those that clients meet
// in front of a server. Messages have these words, never those that a peer wrote.

const STATUS_TEXTS: ReadonlyMap<number, string> = new Map([
  [200, 'OK'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [410, 'Gone'],
  [414, 'URI Too Long'],
  [421, 'Misdirected Request'],
  [426, 'Upgrade Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
])

/** The usual words for a status; none for a rarer one (RFC 9112 §4 lets them be empty). */
export function statusTextOf(status: number): string {
  return STATUS_TEXTS.get(status) ?? ''
}
