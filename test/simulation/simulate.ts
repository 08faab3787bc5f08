// One world: a server, its clients, the network between them, and what a seed makes of it.

import type { Message } from '../../src/connection/index.ts'
import { Broadcaster, Connection, openConnection } from '../../src/connection/index.ts'
import type { AgreedExtension, Extension } from '../../src/extension/index.ts'
import { ClientOpening, ServerOpening } from '../../src/handshake/index.ts'
import { prepareMessage } from '../../src/session/index.ts'
import { nodeDeflate, readDeflate } from '../../src/transport/node/index.ts'
import { Application } from './application.ts'
import { CountingDiagnostics } from './diagnostics.ts'
import { Endpoint, type Subject } from './endpoint.ts'
import { Flow } from './flow.ts'
import { SimulatedHost } from './host.ts'
import { judgeEnd } from './invariants.ts'
import { Link } from './network.ts'
import { OpeningListener } from './opening.ts'
import { type ClientScenario, drawScenario, type Fault, type Scenario, type SideScenario } from './scenario.ts'
import { type Violation, World } from './world.ts'

export interface Simulation {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly transcript: readonly string[]
  readonly turns: number
  readonly messagesDelivered: number
}

/** The connection of this house. */
export const CONNECTION: Subject = { openConnection, onClosed: Connection.onClosed }

// So long after it was opened whoever has not closed does: some keep a connection for as long as they can.
const CURTAIN_MS = 1_000

// What a listener of a server's connection has thrown closes it with this, as with `serve`.
const INTERNAL_ERROR = 1011

// zlib is tried out when the first stream is made, bad data among other things. When it finds that, Bun lets everything happen
// that promises make happen, in the middle of whatever asked for the stream: that is not to be a turn of some world.
nodeDeflate.createInflater(15).close()

/** Plays one world to its end. */
export async function simulate(seed: number, subject: Subject = CONNECTION): Promise<Simulation> {
  const world = new World(seed)
  const scenario = drawScenario(world.random)
  world.note(JSON.stringify(scenario))
  const server = new SimulatedServer(world, scenario)
  const pairs = scenario.clients.map((client, i) =>
    connectPair(world, subject, scenario, server, client, `client ${i + 1}`),
  )
  await world.play()
  if (world.violations.length === 0) judgeEnd(world, pairs, scenario)
  return {
    seed,
    violations: world.violations,
    transcript: world.transcript,
    turns: world.turn,
    messagesDelivered: pairs.flat().reduce((sum, { incoming }) => sum + incoming.delivered, 0),
  }
}

/** What the connections of a server have in common. */
class SimulatedServer {
  readonly host: SimulatedHost
  readonly diagnostics: CountingDiagnostics | undefined
  readonly endpoints: Endpoint[] = []
  readonly #world: World
  readonly #connections = new Set<Connection>()
  readonly #broadcaster: Broadcaster

  constructor(world: World, { serverHost, isWatched, clients }: Scenario) {
    this.#world = world
    this.diagnostics = isWatched ? new CountingDiagnostics() : undefined
    this.host = new SimulatedHost(
      world,
      'server',
      { ...serverHost, diagnostics: this.diagnostics },
      (error, connection) => {
        const endpoint = this.endpoints.find((one) => one.connection === connection)!
        noteReported(world, endpoint, error)
        if (endpoint.isOpen) endpoint.close(INTERNAL_ERROR)
      },
    )
    const waters = clients.map(({ server }) => server.options.limits?.highWaterBytes ?? 65_536)
    this.#broadcaster = new Broadcaster(this.#connections, Math.min(...waters), this.host)
  }

  add(connection: Connection): void {
    this.#connections.add(connection)
    this.#broadcaster.add(connection)
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection)
    this.#broadcaster.remove(connection)
  }

  /** Sends to all that are open. */
  broadcast(content: Message): void {
    this.#world.note('server: sends to all')
    const receivers = this.endpoints.filter(({ isOpen }) => isOpen)
    const dropped = receivers.map(({ connection }) => connection!.droppedMessages)
    const sent = receivers.map(({ outgoing }) => outgoing.add(content))
    const waiting = this.#broadcaster.send(prepareMessage(content))
    receivers.forEach((endpoint, i) => {
      if (endpoint.connection!.droppedMessages > dropped[i]!) sent[i]!.certainty = 'refused'
      else if (!endpoint.isOpen) sent[i]!.certainty = 'unclear'
    })
    for (const promise of waiting) this.endpoints[0]!.awaits('broadcast', promise)
  }
}

function connectPair(
  world: World,
  subject: Subject,
  scenario: Scenario,
  server: SimulatedServer,
  { link: settings, faults, client: clientSide, server: serverSide, host: hostSettings }: ClientScenario,
  name: string,
): readonly [Endpoint, Endpoint] {
  const serverName = `server's end of ${name}`
  const link = new Link(world, settings, [name, serverName])
  const up = new Flow(`${name} to server`)
  const down = new Flow(`server to ${name}`)
  const diagnostics = scenario.isWatched ? new CountingDiagnostics() : undefined
  const clientHost = new SimulatedHost(world, name, { ...hostSettings, diagnostics }, (error) =>
    noteReported(world, client, error),
  )
  const sizes = {
    largestMessage: Math.max(...clientSide.habits.sizes),
    largestRead: Math.max(...settings.grains),
  }
  const client = new Endpoint(
    world,
    subject,
    {
      name,
      role: 'client',
      host: clientHost,
      stream: link.ends[0],
      outgoing: up,
      incoming: down,
      diagnostics,
      options: clientSide.options,
    },
    sizes,
  )
  const serverEnd = new Endpoint(
    world,
    subject,
    {
      name: serverName,
      role: 'server',
      host: server.host,
      stream: link.ends[1],
      outgoing: down,
      incoming: up,
      diagnostics: server.diagnostics,
      options: serverSide.options,
    },
    sizes,
  )
  server.endpoints.push(serverEnd)
  openPair(world, scenario, server, client, clientSide, serverEnd, serverSide)
  for (const fault of faults)
    world.after(fault.atMs, `fault: ${fault.kind}`, () => inflict(fault, link, [client, serverEnd]))
  return [client, serverEnd]
}

/** Opens both ends, by a handshake over the network or without one. */
function openPair(
  world: World,
  { opensByBytes, deflate, isWatched }: Scenario,
  server: SimulatedServer,
  client: Endpoint,
  clientSide: SideScenario,
  serverEnd: Endpoint,
  serverSide: SideScenario,
): void {
  const extensions = readDeflate(deflate)
  for (const [endpoint, { habits }] of [
    [client, clientSide],
    [serverEnd, serverSide],
  ] as const) {
    const isServer = endpoint === serverEnd
    const application = new Application(
      world,
      endpoint,
      habits,
      isServer ? (content) => server.broadcast(content) : undefined,
    )
    const opened = (extensions: readonly AgreedExtension[], leftover?: Uint8Array): void => {
      const connection = endpoint.open({ role: endpoint.role, subprotocol: undefined, extensions, leftover })
      if (isServer) {
        server.add(connection)
        void connection.closed.then(() => server.remove(connection))
      }
      application.start()
      world.after(CURTAIN_MS, `${endpoint.name}: curtain`, () => application.closeIfOpen())
    }
    if (isWatched) {
      world.after(world.random.below(30), 'somebody watches', () =>
        endpoint.diagnostics!.turn(true, world.random.chance(2)),
      )
      world.after(30 + world.random.below(30), 'nobody watches', () => endpoint.diagnostics!.turn(false, false))
    }
    if (opensByBytes) openByBytes(endpoint, extensions, opened)
    else world.after(world.random.below(3), `${endpoint.name}: opens`, () => opened(agreed(extensions)))
  }
}

function openByBytes(
  endpoint: Endpoint,
  extensions: readonly Extension[],
  opened: (extensions: readonly AgreedExtension[], leftover: Uint8Array) => void,
): void {
  const { host, stream } = endpoint
  const now = host.now()
  const opening =
    endpoint.role === 'server'
      ? new ServerOpening({ policy: { extensions }, now })
      : new ClientOpening({ host: 'simulated.test', extensions, randomUint32: () => host.randomUint32(), now })
  new OpeningListener(opening, stream, host, {
    opened: ({ agreement, leftover }) => opened(agreement.extensions, leftover),
    failed: (error) => {
      endpoint.openingFailure = error
    },
  })
}

/** What a handshake would agree on. */
function agreed(extensions: readonly Extension[]): readonly AgreedExtension[] {
  return extensions.map((extension) => extension.answerOffer(extension.offers()[0]!)!)
}

function inflict({ kind, side, ms }: Fault, link: Link, endpoints: readonly [Endpoint, Endpoint]): void {
  const [near, far] = side === 0 ? link.ends : [link.ends[1], link.ends[0]]
  switch (kind) {
    case 'stall':
      near.stall(ms)
      break
    case 'reset':
      near.reset()
      far.reset()
      break
    case 'resetOneSide':
      near.reset()
      link.cut()
      break
    case 'halfClose':
      near.halfClose()
      break
    case 'cut':
      link.cut()
      break
    case 'jump':
      endpoints[side].host.jump(ms)
  }
}

function noteReported(world: World, endpoint: Endpoint, error: unknown): void {
  world.note(`${endpoint.name}: reported ${String(error)}`)
  endpoint.errorsReported++
}
