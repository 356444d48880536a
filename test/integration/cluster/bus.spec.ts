import type { Redis } from 'ioredis';
import type { Cache } from '../../../src/cache-handle.js';
import { key } from '../../../src/definition/template.js';
import { ManualLoader, startEngine, type EngineUnderTest } from '../../support/engine.js';
import { ask, startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';
import type { RedisServer } from '../../support/redis-server.js';

/** What an engine hears of its bus, in order. */
class Ear {
  readonly heard: string[] = [];
  private readonly waiting = new Set<() => void>();

  constructor({ runtime }: EngineUnderTest) {
    const { coherence } = runtime.engine;
    const [armed, broken] = [coherence.armed.bind(coherence), coherence.broken.bind(coherence)];
    const loadEnded = coherence.loadEnded.bind(coherence);
    const invalidated = coherence.invalidated.bind(coherence);
    coherence.armed = () => this.note('armed', armed);
    coherence.broken = () => this.note('broken', broken);
    coherence.loadEnded = (name, ending) => this.note(`ended ${name}`, () => loadEnded(name, ending));
    coherence.invalidated = (what) =>
      this.note(`evicted ${what.keys?.join() ?? ''}`, () => invalidated(what));
  }

  /** Resolves when that has been heard, after what was heard before. */
  async of(what: string, from = 0): Promise<void> {
    while (!this.heard.includes(what, from)) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  private note(what: string, act: () => void): void {
    act();
    this.heard.push(what);
    for (const look of this.waiting) look();
    this.waiting.clear();
  }
}

describe('the bus on a cluster', () => {
  let cluster: RedisClusterUnderTest;
  let writer: EngineUnderTest;
  let reader: EngineUnderTest;
  let ear: Ear;
  let namespace: string;
  let home: RedisServer;
  let namespaces = 0;

  beforeAll(async () => {
    // Nobody is to be given up: what is tested is what instances do until then.
    cluster = await startRedisCluster({ args: ['--cluster-node-timeout', '60000'] });
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    namespace = `test:${(namespaces += 1)}`;
    await cluster.ready();
    home = await cluster.nodeOf(`${namespace}~bus`);
    const options = { namespace, redis: { cluster: cluster.urls, deadline: 1000 } };
    [writer, reader] = [await startEngine(options), await startEngine(options)];
    await subscribedTo(home, 2);
    await until(() => reader.runtime.redis!.bus.armed);
    ear = new Ear(reader);
  });

  afterEach(async () => {
    await Promise.all([writer.runtime.close(), reader.runtime.close()]);
  });

  const caches = () => {
    const spec = { name: 'items', key: (id: string) => key`item:${id}` };
    return { write: writer.cache<string>(spec), read: reader.cache<string>(spec) };
  };

  it('is on the node that has the slot of its channel', async () => {
    for (const node of cluster.nodes) expect(await subscribersOn(node)).toBe(node === home ? 2 : 0);
  });

  it('tells other instances what was evicted, wherever that lay', async () => {
    const { write, read } = caches();
    for (const node of cluster.nodes) {
      const id = await idOn(node);
      await remembered(read, id);
      await write.evict(id);
      await ear.of(`evicted item:${id}`);
      expect(await read.lookup(id)).toEqual({ hit: false });
    }
    expect(ear.heard).not.toContain('broken');
  });

  it('keeps messages in the order in which they were sent, so that none is taken for lost', async () => {
    const { bus } = writer.runtime.redis!;
    const names = Array.from({ length: 500 }, (_, i) => `item:${i}`);
    const sent = [];
    for (const name of names) {
      sent.push(bus.publish({ keys: [name] }));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(sent);
    await ear.of('evicted item:499');
    expect(ear.heard.flatMap((what) => what.replace('evicted ', '').split(','))).toEqual(names);
  });

  it('tells who waits for a load that it has ended, whichever node the script ran on', async () => {
    const { write, read } = caches();
    for (const node of cluster.nodes) {
      const id = await idOn(node);
      const loader = new ManualLoader<string>();
      const loading = write.getOrLoad([id], loader.load);
      await loader.called(1);
      const waiting = read.getOrLoad([id], () => 'loaded twice');
      await until(async () => (await leaseOf(node, id)).endsWith('+'));
      loader.calls[0]!.resolve('loaded once');
      await ear.of(`ended item:${id}`);
      expect(await Promise.all([loading, waiting])).toEqual(['loaded once', 'loaded once']);
    }
  });

  it('believes nothing afterwards that was read while it was broken', async () => {
    const { write, read } = caches();
    await remembered(read, '1');
    const everywhere = (act: (client: Redis) => Promise<unknown>) =>
      Promise.all(cluster.nodes.map((node) => ask(node, act)));
    await everywhere((client) => client.acl('SETUSER', 'default', '-subscribe'));
    try {
      await ask(home, (client) => client.client('KILL', 'TYPE', 'pubsub'));
      await ear.of('broken');
      expect(await read.lookup('1')).toMatchObject({ hit: true, tier: 'l2' });
      await write.clear();
    } finally {
      await everywhere((client) => client.acl('SETUSER', 'default', '+subscribe'));
    }
    await ear.of('armed');
    expect(await read.lookup('1')).toEqual({ hit: false });
  });

  it.each([
    ['dies', (node: RedisServer) => node.kill(), (node: RedisServer) => node.restart()],
    [
      'hangs',
      (node: RedisServer) => Promise.resolve(node.freeze()),
      (node: RedisServer) => Promise.resolve(node.thaw()),
    ],
  ] as const)(
    'is broken when its node %s: memory is emptied; it goes on at another node, and back when that is there',
    async (_, fail, recover) => {
      await remembered(caches().read, '1');
      await fail(home);
      try {
        await ear.of('broken');
        expect(reader.runtime.engine.memoryUse.entries).toBe(0);
        await ear.of('armed');
        const others = cluster.nodes.filter((node) => node !== home);
        const counts = await Promise.all(others.map((node) => subscribersOn(node)));
        expect(Math.max(...counts)).toBeGreaterThan(0);
        await until(async () => {
          await writer.runtime.redis!.bus.publish({ keys: ['item:2'] }).catch(() => undefined);
          return ear.heard.includes('evicted item:2');
        });
      } finally {
        await recover(home);
      }
      await subscribedTo(home, 2);
    },
    60_000,
  );

  /** Reads until the value comes from memory. */
  async function remembered(cache: Cache<readonly [id: string], string>, id: string): Promise<void> {
    await until(async () => {
      await cache.getOrLoad([id], () => 'value');
      const found = await cache.lookup(id);
      return found.hit && found.tier === 'l1';
    });
  }

  /** Resolves when that many instances of the namespace receive their messages from a node. */
  async function subscribedTo(node: RedisServer, count: number): Promise<void> {
    await until(async () => (await subscribersOn(node)) === count);
  }

  async function subscribersOn(node: RedisServer): Promise<number> {
    return ask(node, async (client) => {
      const [, count] = (await client.pubsub('NUMSUB', `${namespace}~bus`)) as [string, number];
      return count;
    });
  }

  /** An id whose entry that node has. */
  async function idOn(node: RedisServer): Promise<string> {
    for (let i = 0; ; i++) {
      const id = `id-${i}`;
      if ((await cluster.nodeOf(`${namespace}:item:${id}`)) === node) return id;
    }
  }

  async function leaseOf(node: RedisServer, id: string): Promise<string> {
    const entry = `${namespace}:item:${id}`;
    return ask(node, async (client) => (await client.get(`${namespace}~lease:{${entry}}`)) ?? '');
  }
});
