import { defineCache } from '../../src/definition/define-cache.js';
import { key, pattern, tag } from '../../src/definition/template.js';
import { Cache } from '../../src/cache-handle.js';
import { Gate, startEngine, type EngineUnderTest } from '../support/engine.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const items = defineCache<[id: string], string>({
  name: 'items',
  key: (id) => key`item:${id}`,
  ttl: '1m',
  tags: (id) => [tag`of:${id}`],
});

describe('a transaction beside other instances on one Redis', () => {
  let server: RedisServer;
  let engines: readonly [EngineUnderTest, EngineUnderTest];
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    const options = { redis: { url: server.url, deadline: 5_000 }, namespace: `tx:${(namespaces += 1)}` };
    engines = [await startEngine(options), await startEngine(options)];
  });

  afterEach(() => Promise.all(engines.map(({ runtime }) => runtime.close())));

  const handle = ({ runtime: { engine, clock } }: EngineUnderTest) =>
    new Cache<[id: string], string>(engine, engine.bind(items), () => clock.now());

  it.each<[string, (other: EngineUnderTest) => Promise<unknown>, string | undefined]>([
    ['the key', (other) => handle(other).evict('1'), undefined],
    ['a tag', ({ runtime }) => runtime.engine.calls.evictTags([tag`of:${'1'}`]), undefined],
    ['a pattern', ({ runtime }) => runtime.engine.calls.evictMatching(pattern`item:1*`), undefined],
    ['the cache', (other) => handle(other).clear(), undefined],
    ['and put the key', (other) => handle(other).set(['1'], 'newer'), 'newer'],
  ])('stores nothing that was put before another one evicted %s', async (_, evict, newer) => {
    const [here, there] = engines;
    const isPut = new Gate<void>();
    const end = new Gate<void>();
    const running = here.runtime.engine.transaction(async () => {
      await handle(here).set(['1'], 'made before');
      isPut.resolve(undefined);
      await end.promise;
    });
    await isPut.promise;
    await evict(there);
    // At once: no message has had the time to arrive.
    end.resolve(undefined);
    await running;
    // Of a newer put nothing is known but that it was not overwritten: it may have been evicted.
    for (const engine of engines) expect([undefined, newer]).toContain(await handle(engine).get('1'));
  });

  it('lets who finds nothing wait for what it has put, and shows it to all at the end', async () => {
    const [here, there] = engines;
    const isPut = new Gate<void>();
    const end = new Gate<void>();
    const running = here.runtime.engine.transaction(async () => {
      await handle(here).set(['1'], 'put');
      isPut.resolve(undefined);
      await end.promise;
    });
    await isPut.promise;
    const neverLoad = () => {
      throw new Error('the loader must not run');
    };
    const reading = handle(there).getOrLoad(['1'], neverLoad);
    end.resolve(undefined);
    await running;
    expect(await reading).toBe('put');
    expect(await handle(here).get('1')).toBe('put');
  });

  it('keeps the right to store for as long as its work goes on, and gives it back when it fails', async () => {
    const [here, there] = engines;
    const failing = here.runtime.engine.transaction(async () => {
      await handle(here).set(['1'], 'rolled back');
      throw new Error('the commit fails');
    });
    await expect(failing).rejects.toThrow('the commit fails');
    expect(await handle(there).getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(await handle(there).get('1')).toBe('loaded');
  });
});
