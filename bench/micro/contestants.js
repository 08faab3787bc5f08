// Who is timed, by name. `addOns`: whether `ws` may use bufferutil and utf-8-validate, which are installed here.

export const CONTESTANTS = {
  ws: { file: 'ws.js', label: 'ws' },
  wspc: { file: 'wspc.js', label: 'wspc' },
  'ws-add-ons': { file: 'ws.js', label: 'ws with add-ons', addOns: true },
  'websocket-driver': { file: 'websocket-driver.js', label: 'websocket-driver' },
}
