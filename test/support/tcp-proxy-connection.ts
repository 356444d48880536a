import { randomBytes, randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/** What a connection of the library is for. */
export type ConnectionKind = 'data' | 'bus';

/** What becomes of the bytes of a connection. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Every chunk arrives that much later, in both directions. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Replies arrive in pieces of a few bytes. */
  | { readonly kind: 'fragment' }
  /** Replies are noise in their place, or have one bit of each chunk turned over. */
  | { readonly kind: 'corrupt'; readonly how: 'noise' | 'flip' }
  /** Connections stay open, nothing arrives, new ones are accepted: what is held arrives when the mode changes. */
  | { readonly kind: 'black hole' }
  /** Open connections end; new ones are accepted, and nothing is ever said on them. */
  | { readonly kind: 'hung handshake' }
  /** Open connections end, new ones at once. */
  | { readonly kind: 'cut' };

/** `CLIENT SETNAME <namespace>:bus`, as ioredis sends it. */
const NAME = /\r\nsetname\r\n\$\d+\r\n([^\r]*)\r\n/i;
const NAME_WITHIN_BYTES = 4096;
/** Shorter than what is likely to be one reply, and no RESP. */
const NOISE_BYTES = 32;

/** Smaller ones would be slow rather than many. */
const LARGEST_PIECE_BYTES = 16;

/** One connection through a proxy: a client, and Redis behind it. */
export class ProxiedConnection {
  private readonly upstream: Socket;
  private kind: ConnectionKind | undefined;
  private head = Buffer.alloc(0);
  private held: Promise<void> | undefined;
  private isKept = false;
  private release: () => void = () => undefined;

  constructor(
    private readonly client: Socket,
    upstreamPort: number,
    private readonly modeOf: (kind: ConnectionKind | undefined) => ProxyMode,
  ) {
    this.upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    this.pump(client, this.upstream, (chunk) => this.sendCommands(chunk));
    this.pump(this.upstream, client, (chunk) => this.sendReplies(chunk));
    this.apply();
  }

  /** What it is for, as soon as it has a name. */
  get purpose(): ConnectionKind | undefined {
    return this.kind;
  }

  private get mode(): ProxyMode {
    return this.modeOf(this.kind);
  }

  /** Does what the mode asks that is in force now: ends or holds the connection, or lets go what was held. */
  apply(): void {
    const { kind } = this.mode;
    if (this.isKept) return;
    if (kind === 'cut') return this.destroy();
    if (kind === 'black hole' || kind === 'hung handshake') {
      this.held ??= new Promise((resolve) => (this.release = resolve));
      // Once named, nothing more is read: a client that hangs up meanwhile is not noticed on the other side.
      if (this.kind !== undefined) this.client.pause();
      this.upstream.pause();
    } else if (this.held !== undefined) {
      this.held = undefined;
      this.release();
      this.client.resume();
      this.upstream.resume();
    }
  }

  /** Does what a change of mode asks of a connection that is open already. */
  change(): void {
    if (this.mode.kind === 'hung handshake') this.destroy();
    else this.apply();
  }

  /**
   * Keeps back what comes from here on, whatever the mode: a way on which packets are late. That the client hangs up
   * arrives after what it has sent.
   */
  keep(): void {
    this.isKept = true;
    this.held ??= new Promise((resolve) => (this.release = resolve));
    this.upstream.pause();
  }

  /** Delivers what has been kept back. */
  deliver(): void {
    if (!this.isKept) return;
    this.isKept = false;
    this.held = undefined;
    this.release();
    this.upstream.resume();
  }

  destroy(): void {
    this.client.destroy();
    this.upstream.destroy();
    this.held = undefined;
    this.release();
  }

  /** Sends on what comes, chunk after chunk, each after as long as that takes; then the end. */
  private pump(from: Socket, to: Socket, send: (chunk: Buffer) => Promise<void>): void {
    let sent = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      if (from === this.client) this.recognise(chunk);
      const arrived = performance.now();
      sent = sent.then(() => this.late(arrived)).then(() => send(chunk));
    });
    // Told by `close`.
    from.on('error', () => undefined);
    from.on('close', () => void sent.then(() => to.destroySoon()));
  }

  /** Looks for the name that the client gives the connection. */
  private recognise(chunk: Buffer): void {
    if (this.kind !== undefined || this.head.length > NAME_WITHIN_BYTES) return;
    this.head = Buffer.concat([this.head, chunk]);
    const [, name] = NAME.exec(this.head.toString('latin1')) ?? [];
    if (name === undefined) return;
    this.kind = name.endsWith(':bus') ? 'bus' : 'data';
    this.apply();
  }

  /** Resolves when what has arrived then may go on. */
  private async late(arrived: number): Promise<void> {
    await this.letGo();
    const { mode } = this;
    if (mode.kind !== 'delay') return;
    await delay(Math.max(0, arrived + mode.ms - performance.now()));
    await this.letGo();
  }

  private async letGo(): Promise<void> {
    while (this.held !== undefined) await this.held;
  }

  private async sendCommands(chunk: Buffer): Promise<void> {
    write(this.upstream, chunk);
  }

  private async sendReplies(chunk: Buffer): Promise<void> {
    const { mode } = this;
    if (mode.kind === 'corrupt') {
      write(this.client, mode.how === 'noise' ? randomBytes(NOISE_BYTES) : flipped(chunk));
    } else if (mode.kind === 'fragment') {
      for (let from = 0, to = 0; from < chunk.length; from = to) {
        to = from + randomInt(1, LARGEST_PIECE_BYTES);
        write(this.client, chunk.subarray(from, to));
        await nextTurn();
      }
    } else write(this.client, chunk);
  }
}

function write(socket: Socket, bytes: Buffer): void {
  if (socket.writable) socket.write(bytes);
}

function flipped(chunk: Buffer): Buffer {
  const copy = Buffer.from(chunk);
  const at = randomInt(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << randomInt(8));
  return copy;
}
