import { Redis } from 'ioredis';
import type { RedisServer } from './redis-server.js';

/** What a test itself, and connections that keep themselves alive, ask of Redis. */
const NOT_COUNTED: ReadonlySet<string> = new Set(['echo', 'info', 'ping', 'script', 'time']);

/** A look at the Redis of a fleet from outside. */
export class FleetRedis {
  readonly client: Redis;

  constructor(server: RedisServer) {
    this.client = new Redis(server.url);
  }

  /** How often a command was carried out since the server's start, inside of scripts or outside. */
  async calls(command: string): Promise<number> {
    const [, calls = '0'] =
      new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(await this.client.info('commandstats')) ?? [];
    return Number(calls);
  }

  /** Which commands the work sent to Redis, and how often. A script is one command, whatever it does. */
  async commandsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    const monitor = await this.client.monitor();
    const end = `end-${Math.random()}`;
    const seenAll = new Promise<void>((resolve) => {
      monitor.on('monitor', (_time: string, [name = '', text]: string[], source: string) => {
        const command = name.toLowerCase();
        if (text === end) resolve();
        else if (source !== 'lua' && !NOT_COUNTED.has(command)) counts[command] = (counts[command] ?? 0) + 1;
      });
    });
    await work();
    await this.client.echo(end);
    await seenAll;
    monitor.disconnect();
    return counts;
  }

  /** The names of all keys that match. */
  async keys(match: string): Promise<string[]> {
    const names: string[] = [];
    for await (const batch of this.client.scanStream({ match, count: 1000 }))
      names.push(...(batch as string[]));
    return [...new Set(names)];
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
