import { Redis } from 'ioredis';
import type { RedisConnectionOptions } from '../../src/stores/redis/redis-options.js';
import { startRedisServer, type RedisServer, type RedisServerOptions } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';

/** How many processes are under load. */
export const PROCESSES = 2;

/** The Redis that a fault befalls, and what stands before it. */
export interface Place {
  /** How that process reaches it. */
  redis(member: number): RedisConnectionOptions;
  /** Ends all of it. */
  stop(): Promise<void>;
}

/** One server, with a proxy before it for each process. */
export interface ServerPlace extends Place {
  readonly server: RedisServer;
  readonly proxies: readonly TcpProxy[];
  /** Does the same with every proxy. */
  readonly each: (act: (proxy: TcpProxy) => void) => void;
  /** Asks the server past the proxies, over a connection of its own. */
  readonly ask: <T>(question: (client: Redis) => Promise<T>) => Promise<T>;
}

export interface ServerPlaceOptions extends RedisServerOptions {
  /** Whether the processes go through the proxies. @default false */
  readonly proxied?: boolean;
  /** Who the processes are. @default the server's own password */
  readonly login?: { readonly username: string; readonly password: string };
  /** What is to be done with the server before the processes start. */
  readonly prepare?: (client: Redis) => Promise<unknown>;
}

/** Starts a server and its proxies. */
export async function serverPlace(options: ServerPlaceOptions = {}): Promise<ServerPlace> {
  const { proxied = false, login, prepare, ...ofServer } = options;
  const server = await startRedisServer(ofServer);
  const ask = <T>(question: (client: Redis) => Promise<T>) => askAt(server.url, question);
  await ask(async (client) => prepare?.(client));
  const proxies = proxied
    ? await Promise.all(Array.from({ length: PROCESSES }, () => TcpProxy.start(server.port)))
    : [];
  return {
    server,
    proxies,
    ask,
    each: (act) => proxies.forEach(act),
    redis: (member) => ({ url: proxies[member]?.url ?? server.url, ...login }),
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await server.stop();
    },
  };
}

/** Asks a server over a connection that is there for one question, in whatever state the server is. */
export async function askAt<T>(url: string, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { enableReadyCheck: false, maxRetriesPerRequest: 0 });
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
