import { heldBack } from '../../support/bus-barrier.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { wrapMethod } from '../../support/fleet-wrap.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

describe('a put', () => {
  let server: RedisServer;
  let one: EngineUnderTest;
  let two: EngineUnderTest;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    const options = { redis: { url: server.url, deadline: 2_000 }, namespace: `puts:${(namespaces += 1)}` };
    [one, two] = await Promise.all([startEngine(options), startEngine(options)]);
  });

  afterEach(() => Promise.all([one.runtime.close(), two.runtime.close()]));

  const caches = () => {
    const spec = { name: 'items', tags: () => [] };
    return { here: one.cache<string>(spec), there: two.cache<string>(spec) };
  };
  /** Does something in the last moment before an engine stores what it puts. */
  const beforeStoring = ({ runtime }: EngineUnderTest, act: () => Promise<unknown>) =>
    wrapMethod(
      runtime.redis!.guard,
      'store',
      (store) =>
        async function overtaken(this: unknown, ...args) {
          await act();
          return Reflect.apply(store, this, args);
        },
    );

  it.each<[string, (there: ReturnType<typeof caches>['there']) => Promise<unknown>, string | undefined]>([
    ['an eviction', (there) => there.evict('1'), undefined],
    ['another put', (there) => there.set(['1'], 'newest'), 'newest'],
  ])('that is overtaken by %s elsewhere stores nowhere, in no tier', async (_, overtake, left) => {
    const { here, there } = caches();
    await here.set(['1'], 'old');
    // Whoever puts has not heard of it yet, either.
    const hear = heldBack(one);
    const restore = beforeStoring(one, () => overtake(there));
    await here.set(['1'], 'late');
    restore();
    expect(await here.get('1')).toBe(left);
    hear();
    expect(await here.get('1')).toBe(left);
    expect(await there.get('1')).toBe(left);
  });

  it('that is overtaken by an eviction of tags elsewhere is over when that is heard of', async () => {
    const { here, there } = caches();
    const hear = heldBack(one);
    const restore = beforeStoring(one, () => there.clear());
    await here.set(['1'], 'late');
    restore();
    expect(await there.get('1')).toBeUndefined();
    hear();
    expect(await here.get('1')).toBeUndefined();
  });

  it('that Redis sees only after its deadline comes back over nothing', async () => {
    const impatient = await startEngine({
      redis: { url: server.url, deadline: 50 },
      namespace: one.runtime.options.namespace,
    });
    const late = impatient.cache<string>({ name: 'items', l1: false });
    const { there } = caches();
    await there.set(['1'], 'old');
    server.freeze();
    await late.set(['1'], 'late');
    server.thaw();
    await until(async () => impatient.runtime.redis!.connection.ready);
    await until(() => impatient.runtime.redis!.guard.catchUp());
    await until(() => two.runtime.redis!.guard.catchUp());
    await there.set(['1'], 'newest');
    expect(await there.get('1')).toBe('newest');
    expect(await late.get('1')).toBe('newest');
    await impatient.runtime.close();
  });

  it('takes the place of what is being loaded, which then stores nothing', async () => {
    const { here, there } = caches();
    let finish!: (value: string) => void;
    let begun!: () => void;
    const loading = new Promise<void>((resolve) => (begun = resolve));
    const load = there.getOrLoad(['1'], () => {
      begun();
      return new Promise<string>((resolve) => (finish = resolve));
    });
    await loading;
    await here.set(['1'], 'put');
    finish('loaded');
    expect(await load).toBe('loaded');
    expect(await here.get('1')).toBe('put');
    await until(async () => (await there.get('1')) === 'put');
  });
});
