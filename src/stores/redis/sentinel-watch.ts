import { Redis } from 'ioredis';
import { isRefused } from '../../resilience/gate.js';
import { explained } from './connection-error.js';
import { keepConnecting } from './keep-connecting.js';
import { currentPasswords } from './credentials.js';
import type { ResolvedSentinel } from './redis-options.js';

const CHANNEL = '+switch-master';
/** How often a sentinel is asked for a sign of life, milliseconds. */
const HEARTBEAT_MS = 2000;
/** How long to wait before asking again what was refused, milliseconds. */
const REFUSED_MS = 1000;

/**
 * Hears from the sentinels when another server has become master. Without it, a client goes on writing to the old
 * master, which answers OK, until the sentinels make a replica of it: measured, for 11 seconds.
 *
 * The `failoverDetector` of ioredis does the same for one client. It has connections of its own for each client, prints
 * their errors to the console, is away for a minute when a sentinel was, and keeps the password it began with.
 */
export class SentinelWatch {
  private readonly clients: readonly Redis[];
  /** When each client is asked next. */
  private readonly heartbeats = new Map<Redis, NodeJS.Timeout>();
  /** The address of the master, as one of the sentinels has told last. */
  private known: string | undefined;
  private lastError: Error | undefined;

  constructor(
    private readonly redis: ResolvedSentinel,
    private readonly switched: () => void,
  ) {
    this.clients = redis.sentinels.map(({ host, port }) => this.follow(host, port));
  }

  /** What went wrong last, as far as known. */
  get error(): Error | undefined {
    return this.lastError;
  }

  /** Connects to the sentinels, for as long as it takes. */
  open(): void {
    for (const client of this.clients) client.connect().catch(() => undefined);
  }

  close(): void {
    for (const client of this.clients) {
      clearInterval(this.heartbeats.get(client));
      client.disconnect();
    }
  }

  private follow(host: string, port: number): Redis {
    const client = new Redis({ ...this.redis.watchOptions, host, port });
    const { sentinelPassword: password } = this.redis.passwords;
    keepConnecting(client, currentPasswords(client, password === undefined ? {} : { password }));
    // The other sentinels tell as well; when none answers, the data connection says so, and asks here why.
    client.on('error', (error: Error) => {
      this.lastError = explained(error, this.redis.watchOptions.tls) ?? this.lastError;
    });
    client.on('close', () => clearInterval(this.heartbeats.get(client)));
    client.on('ready', () => void this.subscribe(client));
    client.on('message', (_channel: string, text: string) => {
      const [master, , , ip, newPort] = text.split(' ');
      if (master === this.redis.master) this.isAt(`${ip}:${newPort}`);
    });
    return client;
  }

  private async subscribe(client: Redis): Promise<void> {
    try {
      // Sent together, so that there is no gap between the answer and the first message.
      const [address] = await Promise.all([
        client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.redis.master) as Promise<string[] | null>,
        client.subscribe(CHANNEL),
      ]);
      if (address === null) this.lastError = new Error(`the sentinels know no master ${this.redis.master}`);
      else this.isAt(address.join(':'));
    } catch (error) {
      if (!isRefused(error)) return client.disconnect(true);
      // A new connection would be refused, too.
      this.lastError = error;
      clearInterval(this.heartbeats.get(client));
      this.heartbeats.set(client, setTimeout(() => void this.subscribe(client), REFUSED_MS).unref());
      return;
    }
    clearInterval(this.heartbeats.get(client));
    const beat = setInterval(() => {
      client.ping().catch((error: unknown) => {
        if (!isRefused(error)) client.disconnect(true);
      });
    }, HEARTBEAT_MS);
    this.heartbeats.set(client, beat.unref());
  }

  private isAt(address: string): void {
    const before = this.known;
    this.known = address;
    this.lastError = undefined;
    if (before !== undefined && before !== address) this.switched();
  }
}
