import { Cache } from '../../src/cache-handle.js';
import { defineCache } from '../../src/definition/define-cache.js';
import { key, pattern } from '../../src/definition/template.js';
import { LeaseWait } from '../../src/engine/lease-wait.js';
import { RedisStore } from '../../src/stores/redis/redis-store.js';
import { delivered } from '../support/bus-barrier.js';
import { ManualLoader, startEngine, type EngineUnderTest } from '../support/engine.js';
import { wrapMethod } from '../support/fleet-wrap.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const definition = defineCache<readonly [id: string], string>({
  name: 'items',
  key: (id) => key`item:${id}`,
  ttl: '5m',
});

interface Scene {
  /** An instance, and its cache: that of the waiting caller, or another one. */
  readonly engine: EngineUnderTest;
  readonly cache: Cache<readonly [id: string], string>;
  /** The load that is waited for. */
  readonly load: ManualLoader<string>;
}

/** What ends a lease, and what the waiting caller then gets: `own` is what its own loader gives. */
const ENDS: readonly [what: string, end: (scene: Scene) => unknown, expected: string][] = [
  ['an eviction of the key', ({ cache }) => cache.evict('1'), 'own'],
  ['an eviction of many keys', ({ cache }) => cache.evictMany([['0'], ['1']]), 'own'],
  ['an eviction of a pattern', ({ engine }) => evictItems(engine), 'own'],
  ['a put', ({ cache }) => cache.set(['1'], 'put'), 'put'],
  [
    'a put of many',
    ({ cache }) =>
      cache.setMany([
        [['0'], 'put'],
        [['1'], 'put'],
      ]),
    'put',
  ],
  ['a put of what is not to be stored', ({ cache }) => cache.set(['1'], 'put', { ttl: 0 }), 'own'],
];

const evictItems = ({ runtime }: EngineUnderTest) => runtime.engine.writes.evictMatching(pattern`item:*`);

/** How a load ends its lease itself. */
const LOAD_ENDS: typeof ENDS = [
  ['the end of the load', ({ load }) => load.calls[0]!.resolve('loaded'), 'loaded'],
  ['the failure of the load', ({ load }) => load.calls[0]!.reject(new Error('no source')), 'own'],
];

describe('who waits for somebody else’s load is woken, and need not look whether it has ended', () => {
  let mend: () => void;
  let waits: () => void = () => undefined;

  /** Resolves when somebody begins to wait. */
  const waiting = () =>
    new Promise<void>((resolve) => {
      waits = resolve;
    });

  const open = (engine: EngineUnderTest, load = new ManualLoader<string>()): Scene => {
    const { engine: itsEngine } = engine.runtime;
    return { engine, load, cache: new Cache(itsEngine, itsEngine.bind(definition), () => Date.now()) };
  };

  beforeEach(() => {
    mend = wrapMethod(LeaseWait.prototype, 'forLease', (forLease) => {
      return function (this: LeaseWait, leaseMs) {
        // Nobody looks by himself for as long as the test lasts.
        this['poll'] = 3_600_000;
        waits();
        return forLease.call(this, leaseMs);
      };
    });
  });

  afterEach(() => mend());

  async function expectToWake(
    [holder, waiter]: readonly [Scene, Scene],
    end: () => unknown,
    expected: string,
  ): Promise<void> {
    const { load } = holder;
    const held = holder.cache.refresh(['1'], load.load);
    held.catch(() => undefined);
    await load.called(1);
    const begun = waiting();
    const read = waiter.cache.getOrLoad(['1'], () => 'own');
    await begun;
    await end();
    expect(await read).toBe(expected);
    load.calls[0]!.resolve('late');
    await held.catch(() => undefined);
  }

  describe('in memory', () => {
    it.each([...ENDS, ...LOAD_ENDS])('by %s', async (_what, end, expected) => {
      const engine = await startEngine({ lease: { ttl: '1h', max: '2h', wait: '1h' } });
      const scene = open(engine);
      await expectToWake([scene, scene], () => end(scene), expected);
      await engine.runtime.close();
    });
  });

  describe('on Redis', () => {
    let server: RedisServer;
    let holder: Scene;
    let waiter: Scene;
    let namespaces = 0;

    beforeAll(async () => {
      server = await startRedisServer();
    });

    afterAll(() => server.stop());

    beforeEach(async () => {
      const options = {
        redis: { url: server.url, deadline: 5_000 },
        namespace: `waiters:${(namespaces += 1)}`,
        lease: { ttl: '1h', max: '2h', wait: '1h' },
      } as const;
      const load = new ManualLoader<string>();
      holder = open(await startEngine(options), load);
      waiter = open(await startEngine(options), load);
    });

    afterEach(() => Promise.all([holder, waiter].map(({ engine }) => engine.runtime.close())));

    it.each([...ENDS, ...LOAD_ENDS])('by %s in the other process', (_what, end, expected) =>
      expectToWake([holder, waiter], () => end(holder), expected),
    );

    it.each(ENDS)('by %s in its own process', (_what, end, expected) =>
      expectToWake([holder, waiter], () => end(waiter), expected),
    );

    it.each([...ENDS, ...LOAD_ENDS])(
      'by %s of which it hears before it is told that it has to wait',
      async (what, end, expected) => {
        const isOfLoad = LOAD_ENDS.some(([name]) => name === what);
        const held = holder.cache.refresh(['1'], holder.load.load);
        held.catch(() => undefined);
        await holder.load.called(1);
        const mendAcquire = wrapMethod(RedisStore.prototype, 'acquireMany', (acquire) => {
          return async function (this: RedisStore, ...args) {
            const answer = await acquire.apply(this, args);
            if (answer.every((each) => typeof each === 'function' || each.kind !== 'held')) return answer;
            mendAcquire();
            await end(holder);
            if (isOfLoad) await held.catch(() => undefined);
            await delivered(holder.engine, waiter.engine);
            return answer;
          };
        });
        expect(await waiter.cache.getOrLoad(['1'], () => 'own')).toBe(expected);
        holder.load.calls[0]!.resolve('late');
        await held.catch(() => undefined);
      },
    );
  });
});
