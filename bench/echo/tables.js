// What came of echoes, for people: first the ratios, which are what counts, then what was measured.
import { ratio, short, table } from '../measure/table.js'
import { SERVERS } from '../servers/servers.js'

const MIB = 2 ** 20

/** Messages per second in relation to the first of the servers. */
export function ratioTable(rows, servers) {
  const [base, ...others] = servers
  const head = ['case', `${SERVERS[base].label}, messages/s`, ...others.map((name) => SERVERS[name].label)]
  const cells = ({ case: name, servers: results }) => [
    name,
    short(results[base].messagesPerSecond),
    ...others.map((other) => ratio(results[other].messagesPerSecond, results[base].messagesPerSecond)),
  ]
  return table(head, rows.map(cells))
}

/** Everything, a row for each server in each case. */
export function detailTable(rows, servers) {
  const head = [
    'case',
    'server',
    'messages/s',
    'p50, µs',
    'p99, µs',
    'p99.9, µs',
    'CPU µs/message',
    'server CPU, %',
    'load CPU, %',
    'RSS, MiB',
  ]
  const cells = (name, server, result) => [
    name,
    SERVERS[server].label,
    short(result.messagesPerSecond),
    short(result.latencyUs.p50),
    short(result.latencyUs.p99),
    short(result.latencyUs.p999),
    short(result.cpuUsPerMessage),
    short(result.serverCpu * 100),
    short(result.loadCpu * 100),
    short(result.serverRss / MIB),
  ]
  return table(
    head,
    rows.flatMap((row) => servers.map((server) => cells(row.case, server, row.servers[server]))),
    { names: 2 },
  )
}

export function echoTables(rows, servers) {
  return `${ratioTable(rows, servers)}\n\n${detailTable(rows, servers)}`
}
