import type { Cache } from '../../src/cache-handle.js';
import type { CacheModuleOptions } from '../../src/cache.options.js';
import type { CacheSpec } from '../../src/definition/define-cache.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { delivered } from '../support/bus-barrier.js';
import { Gate, ManualLoader, startEngine, type EngineUnderTest } from '../support/engine.js';
import { seeLeaseWaits } from '../support/lease-waits.js';
import { withoutPolls, type NoPolls } from '../support/no-polls.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

describe('the loads of several instances on one Redis', () => {
  const clock = new FakeClock();
  let server: RedisServer;
  let engines: EngineUnderTest[];
  let polls: NoPolls | undefined;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  afterEach(async () => {
    polls?.restore();
    polls = undefined;
    await Promise.all(engines.map(({ runtime }) => runtime.close()));
  });

  async function start(count: number, lease: CacheModuleOptions['lease'] = {}): Promise<void> {
    const namespace = `loads:${(namespaces += 1)}`;
    const redis = { url: server.url, deadline: 5_000 };
    const options = { clock, redis, namespace, lease: { ttl: '30s', wait: '1m', ...lease } } as const;
    engines = await Promise.all(Array.from({ length: count }, () => startEngine(options)));
  }

  /** One cache, in every instance. */
  function inAll<Value = string>(
    fields: Partial<CacheSpec<readonly [id: string], Value>> = {},
  ): [
    Cache<readonly [string], Value>,
    Cache<readonly [string], Value>,
    ...Cache<readonly [string], Value>[],
  ] {
    const [one, two, ...more] = engines.map((engine) => engine.cache<Value>({ name: 'items', ...fields }));
    return [one!, two!, ...more];
  }

  describe('that wait for one another', () => {
    it('go on all together when nothing was stored', async () => {
      await start(4);
      polls = withoutPolls();
      const [holder, ...others] = inAll<string | null>({ nullTtl: 0 });
      const slow = new ManualLoader<null>();
      const early = holder.getOrLoad(['1'], slow.load);
      await slow.called(1);
      const loaders = others.map(() => new ManualLoader<null>());
      const waiting = others.map((cache, i) => cache.getOrLoad(['1'], loaders[i]!.load));
      await polls.waiting(3);
      slow.calls[0]!.resolve(null);
      // None of them ends before all have begun.
      await Promise.all(loaders.map((loader) => loader.called(1)));
      for (const loader of loaders) loader.calls[0]!.resolve(null);
      expect(await Promise.all([early, ...waiting])).toEqual([null, null, null, null]);
    });

    it('are none without a ttl', async () => {
      await start(2);
      const [here, there] = inAll({ ttl: 0 });
      const [first, second] = [new ManualLoader<string>(), new ManualLoader<string>()];
      const callers = [here.getOrLoad(['1'], first.load), there.getOrLoad(['1'], second.load)];
      await Promise.all([first.called(1), second.called(1)]);
      first.calls[0]!.resolve('here');
      second.calls[0]!.resolve('there');
      expect(await Promise.all(callers)).toEqual(['here', 'there']);
    });

    it('in the background, in vain, load nothing for nobody', async () => {
      await start(2, { wait: 100 });
      const [here, there] = inAll({ ttl: '1s', staleWhileRevalidate: '1h' });
      await here.set(['1'], 'old');
      clock.advance('2s');
      const slow = new ManualLoader<string>();
      expect(await there.getOrLoad(['1'], slow.load)).toBe('old');
      await slow.called(1);
      const loader = new ManualLoader<string>();
      const waits = seeLeaseWaits();
      expect(await here.getOrLoad(['1'], loader.load)).toBe('old');
      await Promise.race([waits.ended(1), loader.called(1)]);
      waits.restore();
      expect(loader.calls).toHaveLength(0);
      slow.calls[0]!.resolve('new');
      await engines[1]!.runtime.engine.background.drain();
      await delivered(engines[1]!, engines[0]!);
      expect(await here.get('1')).toBe('new');
    });
  });

  describe('that refresh', () => {
    it('reach the memory of the others', async () => {
      await start(2);
      const [here, there] = inAll();
      await here.set(['1'], 'old');
      await delivered(engines[0]!, engines[1]!);
      expect(await there.get('1')).toBe('old');
      expect(await there.lookup('1')).toMatchObject({ tier: 'l1' });
      await here.refresh(['1'], () => 'new');
      await delivered(engines[0]!, engines[1]!);
      expect(await there.get('1')).toBe('new');
    });

    it('keep a read that they overtook from bringing back the old value', async () => {
      await start(2);
      const [here, there] = inAll();
      await there.set(['1'], 'old');
      await delivered(engines[1]!, engines[0]!);
      const { guard } = engines[0]!.runtime.redis!;
      const read = guard.read.bind(guard);
      const overtaken = new Gate<void>();
      guard.read = async (...args) => {
        guard.read = read;
        const found = await read(...args);
        await overtaken.promise;
        return found;
      };
      const early = here.get('1');
      await here.refresh(['1'], () => 'new');
      overtaken.resolve();
      expect(await early).toBe('old');
      expect(await here.get('1')).toBe('new');
    });

    it('and may not store evict: what is stored is older than what their caller has got', async () => {
      await start(2, { wait: 100 });
      const [here, there] = inAll();
      await here.set(['1'], 'old');
      await delivered(engines[0]!, engines[1]!);
      expect(await there.get('1')).toBe('old');
      const slow = new ManualLoader<string>();
      const early = there.refresh(['1'], slow.load);
      await slow.called(1);
      expect(await here.refresh(['1'], () => 'new')).toBe('new');
      expect(await here.lookup('1')).toEqual({ hit: false });
      await delivered(engines[0]!, engines[1]!);
      expect(await there.lookup('1')).toEqual({ hit: false });
      slow.calls[0]!.resolve('newer');
      expect(await early).toBe('newer');
    });
  });

  it('of an entry that is touched keep it in memory no longer than it lives', async () => {
    await start(2);
    const [here, there] = inAll();
    await here.set(['1'], 'value');
    await delivered(engines[0]!, engines[1]!);
    expect(await there.get('1')).toBe('value');
    expect(await here.touch(['1'], '1s')).toBe(true);
    await delivered(engines[0]!, engines[1]!);
    clock.advance('2s');
    expect(await here.has('1')).toBe(false);
    expect(await there.has('1')).toBe(false);
  });
});
