import { Redis } from 'ioredis';
import { CacheService } from '../../../src/cache.service.js';
import { defineCache } from '../../../src/definition/define-cache.js';
import { key, pattern } from '../../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const bots = defineCache<readonly [id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '1h',
});

describe('evictions that are carried out late', () => {
  let server: RedisServer;
  let admin: Redis;
  let engine: EngineUnderTest;
  let service: CacheService;

  beforeEach(async () => {
    server = await startRedisServer({ args: ['--enable-debug-command', 'yes'] });
    admin = new Redis(server.url);
  });

  async function start(deadline: number): Promise<void> {
    engine = await startEngine({ redis: { url: server.url, deadline }, namespace: 'late' });
    service = new CacheService(engine.runtime);
  }

  afterEach(async () => {
    await engine.runtime.close();
    await admin.quit();
    await server.stop();
  });

  const refuse = (command: string) => admin.acl('SETUSER', 'default', `-${command}`);
  const allow = (command: string) => admin.acl('SETUSER', 'default', `+${command}`);
  const made = () => until(() => service.status()?.queuedEvictions === 0);

  it('are not undone by a read that was on its way beside them', async () => {
    // The read outlasts the second until they are tried again.
    await start(10_000);
    const cache = service.cache(bots);
    await cache.set(['1'], 'old');
    const { inner } = engine.runtime.redis!.guard as unknown as {
      inner: { read: (name: string, tags: readonly string[]) => Promise<unknown> };
    };
    const read = inner.read.bind(inner);
    await refuse('unlink');
    await cache.evict('1');
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    let hasRead!: () => void;
    const answered = new Promise<void>((resolve) => (hasRead = resolve));
    inner.read = async (name, tags) => {
      const found = await read(name, tags);
      hasRead();
      await gate;
      return found;
    };
    const early = cache.get('1');
    // Nothing is read while they are tried: the read goes out when that has failed.
    await answered;
    inner.read = read;
    await allow('unlink');
    await made();
    go();
    expect(await early).toBeUndefined();
    expect(await cache.get('1')).toBeUndefined();
  });

  it('take as long as they need: a pattern among half a million keys', async () => {
    await start(100);
    const cache = service.cache(bots);
    await until(async () => {
      await cache.set(['1'], 'old');
      return (await admin.exists('late:bot:1')) === 1;
    });
    await admin.call('DEBUG', 'POPULATE', '500000', 'stranger');
    await refuse('scan');
    await service.evictPattern(pattern`bot:*`);
    expect(service.status()?.queuedEvictions).toBe(1);
    await allow('scan');
    await made();
    expect(await admin.exists('late:bot:1')).toBe(0);
  });

  it('are carried out at the end, if Redis is there', async () => {
    await start(400);
    const cache = service.cache(bots);
    await cache.set(['1'], 'old');
    await refuse('unlink');
    await cache.evict('1');
    await allow('unlink');
    await engine.runtime.close();
    expect(await admin.exists('late:bot:1')).toBe(0);
  });
});
