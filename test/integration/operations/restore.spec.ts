import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CacheService } from '../../../src/cache.service.js';
import { pattern, tag } from '../../../src/definition/template.js';
import { ask } from '../../support/redis-cluster.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { RedisServer, startRedisServer } from '../../support/redis-server.js';

const IDS = ['by-key', 'by-tag', 'by-pattern', 'kept'];

/** What docs/operations.md says about restored backups. */
describe('a Redis that was restored from a backup', () => {
  let server: RedisServer;
  const open: EngineUnderTest[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
  });

  beforeEach(() => ask(server, (client) => client.flushall()));

  afterEach(() => closeAll());

  afterAll(() => server.stop());

  async function closeAll(): Promise<void> {
    await Promise.all(open.splice(0).map(({ runtime }) => runtime.close()));
  }

  /** An instance that knows nothing of the others but what Redis has. */
  async function instance(namespace = 'prod:bots') {
    const engine = await startEngine({ namespace, redis: { url: server.url, deadline: 5000 } });
    open.push(engine);
    const cache = engine.cache<string>({ name: 'items', tags: (id) => [tag`item:${id}`] });
    const found = async () => {
      const values = await cache.getMany(IDS.map((id) => [id] as const));
      return IDS.filter((_id, i) => values[i] !== undefined);
    };
    return { cache, found, caches: new CacheService(engine.runtime) };
  }

  /** Entries are stored and backed up, then all but one are evicted, and then the backup is restored. */
  async function restored(without?: string): Promise<void> {
    const { cache, caches, found } = await instance();
    await cache.setMany(IDS.map((id) => [[id], `old ${id}`] as const));
    await ask(server, async (client) => {
      if (without !== undefined) await client.del(without);
      await client.save();
    });
    const backup = join(server.dir, 'backup.rdb');
    await copyFile(join(server.dir, 'dump.rdb'), backup);

    await cache.evict('by-key');
    await caches.evictTags(tag`item:${'by-tag'}`);
    await caches.evictPattern(pattern`item:by-pattern*`);
    if (without === undefined) expect(await found()).toEqual(['kept']);
    await closeAll();
    await server.kill();
    await copyFile(backup, join(server.dir, 'dump.rdb'));
    await server.launch();
  }

  it('has again what was evicted since: entries come back with the tokens that they go by', async () => {
    await restored();
    const { cache, found } = await instance();
    expect(await found()).toEqual(IDS);
    expect(await cache.get('by-tag')).toBe('old by-tag');
  });

  it('has nothing to give once the namespace is cleared', async () => {
    await restored();
    await (await instance()).caches.clear();
    expect(await (await instance()).found()).toEqual([]);
  });

  it('has nothing to give once the token of the namespace is removed, and is used as ever', async () => {
    await restored();
    expect(await ask(server, (client) => client.unlink('prod:bots~tag:%all'))).toBe(1);
    const { cache, found } = await instance();
    expect(await found()).toEqual([]);
    await cache.getOrLoad(['kept'], () => 'new');
    expect(await (await instance()).found()).toEqual(['kept']);
  });

  it('has nothing to give to another namespace', async () => {
    await restored();
    expect(await (await instance('prod:bots-2')).found()).toEqual([]);
  });

  it('gives no entry whose token is not in the backup', async () => {
    await restored('prod:bots~tag:item:by-tag');
    expect(await (await instance()).found()).toEqual(IDS.filter((id) => id !== 'by-tag'));
  });

  it('has nothing of a snapshot if it is started with an append-only file, until it was started without', async () => {
    await restored();
    const { port, dir } = server;
    await server.kill();
    const append = new RedisServer(port, dir, { persist: true });
    const plain = new RedisServer(port, dir, {});
    const size = () => ask(append, (client) => client.dbsize());
    await append.launch();
    expect(await size()).toBe(0);
    await append.kill();

    // Until Redis 7 it is a file.
    for (const name of ['appendonlydir', 'appendonly.aof'])
      await rm(join(dir, name), { recursive: true, force: true });
    await plain.launch();
    const before = await size();
    expect(before).toBeGreaterThan(0);
    await ask(plain, async (client) => {
      const rewritten = new Promise<void>((resolve) => {
        const look = async () => {
          const info = await client.info('persistence');
          if (/aof_rewrite_in_progress:0/.test(info) && /aof_rewrite_scheduled:0/.test(info)) resolve();
          else setImmediate(() => void look());
        };
        void client.config('SET', 'appendonly', 'yes').then(look);
      });
      await rewritten;
    });
    await plain.kill();
    await append.launch();
    expect(await size()).toBe(before);
    await append.kill();
    await server.launch();
  });
});
