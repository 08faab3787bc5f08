// What `perMessageDeflate` of `ws` has to say for the parameters that wspc has by default.
export const WSPC_DEFAULTS = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  clientMaxWindowBits: 12,
  zlibDeflateOptions: { memLevel: 5 },
  threshold: 1_024,
}
