import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.mjs';

/** What scenarios share: the server, how long to measure, and a way to open contestants that are closed at the end. */
export class Bench {
  #closing = [];
  #opened = 0;

  constructor(server, control, quick) {
    this.server = server;
    /** A connection of the benchmark's own, for looking and preparing. */
    this.control = control;
    this.quick = quick;
    // Many short turns: what else the machine does then spoils some of them, and not the median.
    this.rounds = quick ? 7 : 25;
    this.sliceMs = quick ? 20 : 100;
  }

  static async start({ quick }) {
    const server = await RedisServer.start();
    return new Bench(server, new Redis(server.url), quick);
  }

  /** A different figure for a quick run. */
  pick(full, quick) {
    return this.quick ? quick : full;
  }

  /**
   * Opens a contestant.
   *
   * @param world what `open` gets, see contestants/index.mjs; url, prefix and a loader of small bots by default
   * @returns what `open` gives, with the name, the prefix, its own loops, and how often it has loaded
   */
  async open(contestant, world) {
    const id = ++this.#opened;
    const prefix = `b${id}`;
    const { load } = world;
    const counted = { loads: 0 };
    const cache = await contestant.open({
      url: this.server.url,
      prefix,
      ...world,
      load: (key) => {
        counted.loads += 1;
        return load(key);
      },
    });
    const loops = await import(`./loops.mjs?${id}`);
    const close = () => cache.close();
    this.#closing.push(close);
    return { name: contestant.name, prefix, cache, loops, counted, close };
  }

  /** Opens many, one after the other. */
  async openAll(contestants, world) {
    const opened = [];
    for (const contestant of contestants) opened.push(await this.open(contestant, world));
    return opened;
  }

  /** Closes what a scenario has opened, and empties the server. */
  async clean() {
    const closing = this.#closing.splice(0);
    await Promise.allSettled(closing.map((close) => close()));
    await this.control.flushall();
  }

  async stop() {
    this.control.disconnect();
    await this.server.stop();
  }
}

/**
 * Reads all ids, so that they are stored, until all reads are hits: on a machine that is busy with other work, an answer
 * of Redis may come too late.
 */
export async function fill({ name, cache, counted, loops }, ids) {
  for (let attempt = 1; attempt <= 10; attempt++) {
    const before = counted.loads;
    await loops.atATime(cache, ids, ids.length, 50);
    if (attempt > 1 && counted.loads === before && (await cache.read(ids[0])) !== undefined) return;
  }
  throw new Error(`${name} did not keep what it was given`);
}

/** `count` ids from `first` on. */
export function idsFrom(first, count) {
  return Array.from({ length: count }, (_, i) => `${first + i}`);
}
