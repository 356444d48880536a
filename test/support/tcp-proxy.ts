import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ProxiedConnection, type ConnectionKind, type ProxyMode } from './tcp-proxy-connection.js';

export type { ConnectionKind, ProxyMode } from './tcp-proxy-connection.js';

const PASS: ProxyMode = { kind: 'pass' };

/** A TCP proxy of this test's own in front of a Redis, which does to the bytes what bad networks and servers do. */
export class TcpProxy {
  private modes: Record<ConnectionKind, ProxyMode> = { data: PASS, bus: PASS };
  private readonly connections = new Set<ProxiedConnection>();
  private acceptedSoFar = 0;

  private constructor(
    private readonly server: Server,
    private readonly upstreamPort: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  /** Starts a proxy on a free loopback port. */
  static async start(upstreamPort: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server, upstreamPort);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A test that forgets a proxy must not hang Jest.
    server.unref();
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** How many connections it has accepted so far: a client that connects again and again shows. */
  get accepted(): number {
    return this.acceptedSoFar;
  }

  /**
   * From now on does that to connections of a kind, open ones and new ones. The library's connections are told
   * apart by the names that they give themselves; what has no name yet passes, unless all are meant.
   */
  set(mode: ProxyMode, on: ConnectionKind | 'all' = 'all'): void {
    this.modes = on === 'all' ? { data: mode, bus: mode } : { ...this.modes, [on]: mode };
    for (const connection of this.connections) connection.change();
  }

  /** Lets everything pass again: what a black hole or a hung handshake holds arrives late. */
  pass(): void {
    this.set(PASS);
  }

  /** Keeps back what is sent on connections that are open now; new ones are not affected. Tells how to deliver it. */
  keepBack(on: ConnectionKind): () => void {
    const kept = [...this.connections].filter((connection) => connection.purpose === on);
    for (const connection of kept) connection.keep();
    return () => kept.forEach((connection) => connection.deliver());
  }

  /** Ends all connections, and accepts no more. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  private accept(client: Socket): void {
    this.acceptedSoFar += 1;
    const connection = new ProxiedConnection(client, this.upstreamPort, (kind) => this.modeOf(kind));
    this.connections.add(connection);
    client.once('close', () => this.connections.delete(connection));
  }

  private modeOf(kind: ConnectionKind | undefined): ProxyMode {
    const { data, bus } = this.modes;
    if (kind === undefined) return data === bus ? data : PASS;
    return this.modes[kind];
  }
}
