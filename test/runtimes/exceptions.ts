// What does not hold on Bun or Deno, and why. An entry names tests that fail there: one that passes after all is an error,
// too, so that nothing stays here longer than it is true.

import type { RuntimeName } from './run-files.ts'

export interface Exception {
  readonly file: string
  readonly runtimes: readonly RuntimeName[]
  readonly tests: readonly string[]
  /** What the runtime does differently. */
  readonly reason: string
  /** Where that is a matter of chance: then the tests may pass, too. */
  readonly sometimes?: boolean
}

/** Files that are not run there: what they need is Node's own. */
export const NOT_RUN: readonly Omit<Exception, 'tests'>[] = [
  {
    file: 'conformance/runtimes.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'starts every runtime by itself, whatever runs it',
  },
  {
    file: 'conformance/deflate-web-standard.test.ts',
    runtimes: ['bun'],
    reason: 'Chromium that Bun starts does not open the page through the tap; web-standard.test.ts has Chromium, too',
  },
  {
    file: 'client/aborted-connects.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'counts objects by queryObjects of node:v8, and resources by node:async_hooks',
  },
  {
    file: 'server/failing-handshakes.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'counts objects by queryObjects of node:v8, and resources by node:async_hooks',
  },
  {
    file: 'server/idle-connections.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'counts objects by queryObjects of node:v8',
  },
  {
    file: 'resources/resources.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'measures the memory of Node, and counts objects by queryObjects of node:v8',
  },
  {
    file: 'fuzz/loop.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'collects garbage and measures the heap by node:v8, and bounds it in worker threads',
  },
  {
    file: 'fuzz/instrument.test.ts',
    runtimes: ['bun'],
    reason: 'modules that are data: URLs import each other',
  },
  {
    file: 'ws/programs.test.ts',
    runtimes: ['bun'],
    reason: 'gives programs that import ws a module of its own, whatever is installed by that name',
  },
  {
    file: 'server/bombs.test.ts',
    runtimes: ['bun', 'deno'],
    reason:
      'measures by process.memoryUsage().arrayBuffers, which counts little elsewhere, and replaces functions of node:zlib',
  },
  {
    file: 'mutation/mutation.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'loads modules by SourceTextModule of node:vm',
  },
  {
    file: 'server/deflate-resources.test.ts',
    runtimes: ['bun', 'deno'],
    reason: 'counts the handles of zlib by async_hooks, and replaces functions of node:zlib',
  },
]

export const EXCEPTIONS: readonly Exception[] = [
  {
    file: 'client/tunnel.test.ts',
    runtimes: ['bun'],
    tests: ['bytes behind the head of a proxy are the first of TLS in the tunnel'],
    reason: 'connect of node:tls takes no notice of what was given back to its socket by unshift',
  },
  {
    file: 'extension/inflation.test.ts',
    runtimes: ['deno'],
    tests: [
      'the parts of these tests refer to each other',
      'T-83: without context takeover they reach no further than the message: zlib',
      'T-83: without context takeover they reach no further than the message: the portable DEFLATE',
    ],
    reason:
      'deflateRawSync(data, { dictionary: data }) takes no notice of the dictionary, so that the tests have no input',
  },
  {
    file: 'server/arrivals.test.ts',
    runtimes: ['bun'],
    tests: [
      'T-28: with maxPendingConnections 2 two silent clients are borne, and a third is cut at once',
      'T-28: with maxPendingConnections 2 two silent clients are borne, and a third is cut at once, before its TLS handshake',
    ],
    reason:
      'the event connection of node:http comes with the first bytes, or after a second of silence, and that of ' +
      'node:https after the TLS handshake: silent clients are not counted before that',
  },
  {
    file: 'server/broadcast.test.ts',
    runtimes: ['deno'],
    tests: [
      'a short message is compressed once for all that agreed on the same',
      'a long message is compressed once for all that agreed on the same',
      'connections that end while a message is compressed for them do not make the others begin anew',
    ],
    reason: 'createDeflateRaw()._handle has a writeSync of its own, so that the test cannot count its calls',
  },
  {
    file: 'server/draining.test.ts',
    runtimes: ['bun'],
    tests: [
      'T-24: over TCP, close answers requests that wait for authorize with 503, cuts silent clients, and takes no more',
    ],
    reason:
      'a client that says nothing within its first second is not known to node:http, and is not cut when the server ' +
      'closes, not by closeAllConnections either',
  },
  {
    file: 'server/fairness.test.ts',
    runtimes: ['deno'],
    tests: ['T-79: a client that floods the server does not keep others waiting until it is done'],
    reason:
      'a socket that always has more is read some sixty times before any other is looked at, whether it is paused in ' +
      'between or not: others wait for 4 to 8 MiB of a flood, and the flood of the test is shorter',
  },
  {
    file: 'server/opening.test.ts',
    runtimes: ['bun'],
    tests: ['T-19: a plain request for * is answered with 405'],
    reason: 'node:http answers OPTIONS * with 400 by itself',
  },
  {
    file: 'server/opening.test.ts',
    runtimes: ['bun'],
    tests: [
      'T-28: a client that says nothing, or only ever a little more, is answered with 408 at an absolute deadline',
    ],
    reason:
      'the event connection of node:http comes with the first bytes, or after a second of silence: the deadline of a ' +
      'client that says nothing is a second late',
  },
  {
    file: 'server/serve.test.ts',
    runtimes: ['bun'],
    tests: ['T-28: the time of the TLS handshake counts for the opening handshake'],
    reason:
      'the event connection of node:https comes after the TLS handshake, which Bun itself gives up after some twelve seconds',
  },
  {
    file: 'server/serve.test.ts',
    runtimes: ['bun'],
    tests: ['T-24: when the server closes, a handshake that waits for a decision or is half read is answered with 503'],
    reason: 'socket.bytesRead of node:http is 0 until the head is complete: what is half read is cut without an answer',
  },
  {
    file: 'server/serve.test.ts',
    runtimes: ['bun'],
    tests: [
      'T-95: without onError, what a handler throws is an uncaught exception, and what authorize throws a warning',
    ],
    reason: 'bun test fails a test for every uncaught exception, also for those that process.on takes',
  },
  {
    file: 'server/tls.test.ts',
    runtimes: ['bun'],
    tests: ['the name that a client asks for chooses the certificate'],
    reason: 'createServer of node:https does not call its SNICallback',
  },
  {
    file: 'server/tls.test.ts',
    runtimes: ['bun'],
    tests: [
      'a client that offers http/1.1 by ALPN gets http/1.1, and its connection',
      'a client that offers h2 and http/1.1 by ALPN gets http/1.1, and its connection',
      'a client that speaks nothing but HTTP/2 is told so within the TLS handshake',
    ],
    reason: 'createServer of node:https agrees on nothing by ALPN',
  },
  {
    file: 'server/tls.test.ts',
    runtimes: ['deno'],
    tests: ['a certificate that is none rejects serve'],
    reason: 'createServer of node:https does not look at the certificate: each TLS handshake fails instead',
  },
  {
    file: 'equivalence/equivalence.test.ts',
    runtimes: ['deno'],
    tests: [
      'T-53: a session tells and sends the same however its input is cut, compression fresh',
      'T-53: a session tells and sends the same however its input is cut, compression takeover',
    ],
    reason: 'what a stream of node:zlib deflates to, all of it right, depends on what it deflated before it was reset',
    sometimes: true,
  },
  {
    file: 'session/frame-queue.test.ts',
    runtimes: ['bun'],
    tests: ['a payload is let go once it was compressed, though the message goes on'],
    reason: 'what anything on the stack looks like is not collected',
    sometimes: true,
  },
  {
    file: 'session/receive.test.ts',
    runtimes: ['bun', 'deno'],
    tests: ['T-52: a session that has failed or ended lets go of the message that it was receiving'],
    reason: 'process.memoryUsage().arrayBuffers does not count the memory of arrays that JavaScript made',
  },
  {
    file: 'session/receive.test.ts',
    runtimes: ['bun'],
    tests: ['T-52: a session keeps no payload of a control frame'],
    reason:
      'the collector keeps what something left on the stack looks like a reference to; by itself the same is collected',
    sometimes: true,
  },
  {
    file: 'transport/hosts.test.ts',
    runtimes: ['bun'],
    tests: [
      'T-95: nodeHost: a reported error is an uncaught exception, later',
      'T-95: webHost: a reported error is an uncaught exception, later',
      'T-95: webHost in a browser: a reported error is an uncaught exception, later',
    ],
    reason: 'bun test fails a test for every uncaught exception, also for those that process.on takes',
  },
  {
    file: 'transport/node/deflate.test.ts',
    runtimes: ['bun', 'deno'],
    tests: ['the handles of streams that were closed are destroyed, though something refers to the streams'],
    reason: 'createHook of node:async_hooks tells of no handles',
  },
  {
    file: 'transport/node/socket-stream.test.ts',
    runtimes: ['deno'],
    tests: ['T-91: what arrived while the stream was paused is told before the reset that followed it'],
    reason: 'a paused socket of node:net reads nothing ahead, and what the system holds is lost when a write fails',
  },
  {
    file: 'ws/programs.test.ts',
    runtimes: ['deno'],
    tests: ["crossws' Node adapter: hooks, headers, topics, pings, and compression decided per connection"],
    reason: 'crossws has an adapter of its own for Deno, and throws when that for Node is used there',
  },
  {
    file: 'ws/programs.test.ts',
    runtimes: ['deno'],
    tests: ['y-websocket: two documents become one, also after a time apart'],
    reason: 'import() in a CommonJS package does not load y-leveldb, a module that is installed as a link',
  },
  {
    file: 'ws/programs.test.ts',
    runtimes: ['deno'],
    tests: ['mqtt and aedes: streams over WebSocket at both ends, with and without TLS'],
    reason: 'the broker of aedes does not answer CONNECT of mqtt, over ws itself neither',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['bun'],
    tests: [
      'server options > the constructor wants one of port, server and noServer',
      'server options > the life of a server',
      'server options > address of a server on a socket file',
    ],
    reason: 'the event listening of node:http has parameters, which ws passes on',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['bun'],
    tests: [
      'receiving > an exception in a listener of message reaches the process',
      'stream > an error of the stream without a listener',
      'programs > an error without a listener is an uncaught exception, and close follows',
      'edges > limits beyond 31 bits',
    ],
    reason: 'bun test fails a test for every uncaught exception, also for those that process.on takes',
    sometimes: true,
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['bun'],
    tests: ['programs > request targets that RFC 6455 does not know'],
    reason: 'node:http answers requests for * with 400 by itself',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['bun'],
    tests: ['compression > bufferedAmount counts what waits to be compressed'],
    reason: 'node:zlib compresses the message to other bytes, two more',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['bun', 'deno'],
    tests: ['compression > terminate while messages are compressed'],
    reason: 'sockets are not written to past their streams, which throw away what was written before terminate',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['deno'],
    tests: ['compression', 'compression > bufferedAmount counts what waits to be compressed'],
    reason: 'node:zlib compresses the message to other bytes, two more',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['deno'],
    tests: [
      'compression > data that cannot be inflated',
      'compression > a message that leans on the one before it, with takeover and without',
    ],
    reason:
      'createInflateRaw of node:zlib reports no error for some data that is corrupt, so that ws takes it for a message',
  },
  {
    file: 'ws/same-as-ws.test.ts',
    runtimes: ['deno'],
    tests: [
      'client events',
      'client events > an error of the protocol comes after the messages before it, and close follows',
      'receiving',
      'receiving > allowSynchronousEvents: false',
      'receiving > a close behind messages that are put off',
    ],
    reason:
      'callbacks of streams and timers are not followed by ticks and promises in the order of Node, on which the turns of ws depend',
    sometimes: true,
  },
]
