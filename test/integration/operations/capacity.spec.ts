import { Redis } from 'ioredis';
import type { Cache } from '../../../src/cache-handle.js';
import { CacheService } from '../../../src/cache.service.js';
import { key, pattern, tag } from '../../../src/definition/template.js';
import { readText } from '../../docs/support/markdown.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

type Items = Cache<readonly [id: string], string>;
type Call = (items: Items, caches: CacheService, inL1: Items) => Promise<unknown>;

const TEN = Array.from({ length: 10 }, (_, i): readonly [string] => [`many-${i}`]);

/**
 * By their names on the page: what is done to a cache that has the entries `there` and `strange`, and ten more. This
 * process has read all of them but `strange`, which another one has stored. `missing` has been there.
 */
const CALLS: Readonly<Record<string, Call>> = {
  'read, from L1': (_items, _caches, inL1) => inL1.get('there'),
  'read, from Redis': (items) => items.get('there'),
  'read, from Redis, of a tag that this process has not met': (items) => items.get('strange'),
  'read of ten entries, from Redis': (items) => items.getMany(TEN),
  'miss, load and store': (items) => items.getOrLoad(['missing'], () => 'value'),
  put: (items) => items.set(['there'], 'value'),
  'eviction of a key': (items) => items.evict('there'),
  'eviction of ten keys': (items) => items.evictMany(TEN),
  'eviction of a tag': (_items, caches) => caches.evictTags(tag`item:${'there'}`),
  'eviction of a pattern': (_items, caches) => caches.evictPattern(pattern`item:there*`),
  'clear of a cache': (items) => items.clear(),
};

describe('what docs/operations.md says about capacity', () => {
  let server: RedisServer;
  let admin: Redis;
  let engine: EngineUnderTest;
  let other: EngineUnderTest;

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url);
    const options = { namespace: 'prod:bots', redis: { url: server.url, deadline: 5000 } };
    [engine, other] = [await startEngine(options), await startEngine(options)];
  });

  afterAll(async () => {
    await Promise.all([engine.runtime.close(), other.runtime.close()]);
    admin.disconnect();
    await server.stop();
  });

  /** The other cells of the table's rows, by the first one. */
  function tableOf(heading: string): Record<string, string[]> {
    const [, section = ''] = readText('docs/operations.md').split(new RegExp(`^### ${heading}$`, 'm'));
    const [own = ''] = section.split(/^#/m);
    const rows = [...own.matchAll(/^\| (.+) \|$/gm)].map(([, row = '']) => row.split(' | '));
    return Object.fromEntries(rows.slice(1).map(([first = '', ...others]) => [first, others]));
  }

  it.each([
    ['600 bytes', 600, '1234'],
    ['28 KB', 28_000, '5678'],
  ])('is true of the memory that an entry of %s takes', async (row, size, id) => {
    const caches = new CacheService(engine.runtime);
    const cache = engine.cache<string>({ tags: (of) => [tag`item:${of}`] });
    const before = caches.stats().l1.bytes;
    await cache.set([id], 'x'.repeat(size));
    const inL1 = caches.stats().l1.bytes - before;
    const entry = Number(await admin.memory('USAGE', `prod:bots:item:${id}`));
    const token = Number(await admin.memory('USAGE', `prod:bots~tag:item:${id}`));
    const written = await admin.strlen(`prod:bots:item:${id}`);

    const [said = '', saidInRedis = '', saidOfToken = '', saidInL1 = ''] = tableOf('Memory')[row] ?? [];
    const numbers = [said, saidInRedis, saidOfToken, saidInL1].map((text) =>
      Number(text.replaceAll(',', '')),
    );
    // Exact are the library's own bytes; how Redis rounds them up depends on its version and its allocator.
    expect([written, inL1]).toEqual([numbers[0], numbers[3]]);
    expect(Math.abs(entry - (numbers[1] ?? 0))).toBeLessThan(200);
    expect(Math.abs(token - (numbers[2] ?? 0))).toBeLessThan(50);
  });

  it('is true of the commands and messages of each call', async () => {
    const spec = { tags: (id: string) => [tag`item:${id}`], l1: false } as const;
    const caches = new CacheService(engine.runtime);
    const traffic = await Traffic.of(admin);
    const measured: Record<string, string[]> = {};
    for (const [row, call] of Object.entries(CALLS)) {
      const name = `items-${Object.keys(measured).length}`;
      const [items, others] = [engine, other].map((one) => one.cache<string>({ ...spec, name })) as [
        Items,
        Items,
      ];
      const inL1 = engine.cache<string>({ key: (id) => key`l1:${id}` });
      await others.setMany([['there'], ['strange'], ...TEN].map(([id = '']) => [[id], 'value'] as const));
      await items.getMany([['there'], ...TEN]);
      await inL1.set(['there'], 'value');
      // Redis has the scripts then, and this process the token of the tag.
      await items.getOrLoad(['missing'], () => 'value');
      await items.evict('missing');
      await traffic.taken();
      await call(items, caches, inL1);
      measured[row] = await traffic.taken();
      await caches.clear();
    }
    traffic.end();
    expect(measured).toEqual(tableOf('Commands and messages'));
  });
});

/** What is sent to a Redis, as MONITOR tells it. */
class Traffic {
  private readonly marks = new Map<string, () => void>();
  private readonly seen: { readonly text: readonly string[]; readonly isScript: boolean }[] = [];

  private constructor(
    private readonly monitor: Redis,
    private readonly admin: Redis,
  ) {
    monitor.on('monitor', (_time: string, text: string[], source: string) => {
      this.marks.get(text[1] ?? '')?.();
      this.seen.push({ text, isScript: source === 'lua' });
    });
  }

  static async of(admin: Redis): Promise<Traffic> {
    return new Traffic(await admin.monitor(), admin);
  }

  /** Commands, messages and their bytes since the last time, without the heartbeat. */
  async taken(): Promise<string[]> {
    const mark = `mark-${Math.random()}`;
    const marked = new Promise<void>((resolve) => {
      this.marks.set(mark, resolve);
    });
    await this.admin.echo(mark);
    await marked;
    const sent = this.seen
      .splice(0)
      .filter(({ text }) => !['ping', 'echo', 'time'].includes((text[0] ?? '').toLowerCase()));
    const commands = sent.filter(({ isScript }) => !isScript);
    const messages = sent.filter(({ text }) => text[0]?.toLowerCase() === 'publish');
    return [String(commands.length), String(messages.length)];
  }

  end(): void {
    this.monitor.disconnect();
  }
}
