import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { CacheService } from '../../src/cache.service.js';
import { defineCache } from '../../src/definition/define-cache.js';
import { key } from '../../src/definition/template.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import type { CacheModuleOptions } from '../../src/cache.options.js';
import { encodeSwitched } from '../../src/stores/bus/bus-message.js';
import { delivered } from '../support/bus-barrier.js';
import { switchesScript } from '../../src/stores/redis/lua/switches.lua.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';
import { until } from '../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const DAY_MS = 24 * 3_600_000;

const bots = defineCache<[id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  jitter: 0,
});
const stats = defineCache<[id: string], string>({ name: 'stats', key: (id) => key`stats:${id}`, ttl: '5m' });

/** One instance of the application, with both caches in use. */
class Instance {
  readonly service: CacheService;

  constructor(readonly engine: EngineUnderTest) {
    this.service = new CacheService(engine.runtime);
    this.service.cache(bots);
    this.service.cache(stats);
  }

  get bots() {
    return this.service.cache(bots);
  }

  get isOn(): boolean {
    return this.service.stats().caches['bots']!.enabled;
  }

  /** Resolves when the cache is that: when this instance hears of it, if it is not yet. */
  whenBots(is: 'on' | 'off'): Promise<void> {
    if (this.isOn === (is === 'on')) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.engine.runtime.events.switches.subscribe(({ cache, enabled }) => {
        if (cache !== 'bots' || enabled !== (is === 'on')) return;
        stop();
        resolve();
      });
    });
  }
}

describe('the switches of several instances on one Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  let namespace: string;
  let namespaces = 0;
  let running: Instance[];
  let proxies: TcpProxy[];

  beforeAll(async () => {
    server = await startRedisServer({ persist: true });
    admin = new Redis(server.url, { retryStrategy: () => 50 });
    admin.on('error', () => undefined);
  });

  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  beforeEach(() => {
    namespace = `switches:${(namespaces += 1)}`;
    [running, proxies] = [[], []];
  });

  afterEach(async () => {
    await Promise.all(running.map(({ engine }) => engine.runtime.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const start = async (options: Partial<CacheModuleOptions> = {}) => {
    const redis = { url: server.url, deadline: 2_000 };
    const instance = new Instance(await startEngine({ redis, namespace, ...options }));
    running.push(instance);
    return instance;
  };
  /** One whose way to Redis can be cut. */
  const startBehindProxy = async (options: Partial<CacheModuleOptions> = {}) => {
    const proxy = await TcpProxy.start(server.port);
    proxies.push(proxy);
    return { proxy, instance: await start({ redis: { url: proxy.url, deadline: 500 }, ...options }) };
  };
  const cut = async ({ proxy, instance }: Awaited<ReturnType<typeof startBehindProxy>>) => {
    proxy.set({ kind: 'cut' });
    await until(() => {
      const { connection, bus } = instance.service.status()!;
      return connection.state === 'lost' && bus.state === 'broken';
    });
  };
  const stored = () => admin.get(`${namespace}~switches`);
  /** Makes all instances look, as if another one had told them. */
  const nudge = () => admin.publish(`${namespace}~bus`, encodeSwitched('another'));

  it('are turned for all of them, and leave nothing in Redis before', async () => {
    const [one, two] = [await start(), await start()];
    await one.bots.set(['1'], 'value');
    expect(await two.bots.get('1')).toBe('value');
    expect(await stored()).toBeNull();
    const off = two.whenBots('off');
    await one.service.disable('bots');
    await off;
    expect(await two.bots.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(two.service.stats().caches['stats']).toMatchObject({ enabled: true });
    const on = one.whenBots('on');
    await two.service.enable('bots');
    await on;
    expect(await one.bots.get('1')).toBe('value');
  });

  it('cost memory nothing: no instance takes the message for one that it can’t read', async () => {
    const [one, two] = [await start(), await start()];
    await one.bots.set(['1'], 'value');
    await delivered(one.engine, two.engine);
    await two.bots.get('1');
    const off = two.whenBots('off');
    await one.service.disable('bots');
    await off;
    const on = two.whenBots('on');
    await one.service.enable('bots');
    await on;
    for (const instance of [one, two]) expect(await instance.bots.lookup('1')).toMatchObject({ tier: 'l1' });
  });

  it('hold for an instance that is started later, from the start', async () => {
    const one = await start();
    await one.service.disable('bots');
    expect((await start()).isOn).toBe(false);
    expect((await start({ disabled: ['bots', 'STATS'] })).service.stats().caches).toMatchObject({
      bots: { enabled: false },
      stats: { enabled: false },
    });
    await one.service.enable('bots');
    const late = await start({ disabled: ['bots', 'STATS'] });
    expect(late.service.stats().caches).toMatchObject({ bots: { enabled: true }, stats: { enabled: false } });
  });

  it('an eviction while they are off is final on all instances when they are on again', async () => {
    const [one, two] = [await start(), await start()];
    for (const id of ['1', '2', '3']) await one.bots.set([id], 'old');
    expect(await two.bots.getMany([['1'], ['2'], ['3']])).toEqual(['old', 'old', 'old']);
    const off = two.whenBots('off');
    await one.service.disable('bots');
    await off;
    await one.bots.evict('1');
    await one.bots.set(['2'], 'new');
    await one.bots.refresh(['3'], () => 'new');
    const on = two.whenBots('on');
    await one.service.enable('bots');
    await on;
    for (const instance of [one, two]) {
      expect(await instance.bots.getMany([['1'], ['2'], ['3']])).toEqual([undefined, undefined, undefined]);
    }
  });

  it('work here at once while Redis is away, and for all when it is back', async () => {
    const [away, two] = [await startBehindProxy(), await start()];
    const { instance: one, proxy } = away;
    await one.bots.set(['1'], 'value');
    await cut(away);
    const off = two.whenBots('off');
    await one.service.disable('bots');
    expect(await one.bots.getOrLoad(['1'], () => 'loaded')).toBe('loaded');
    expect(one.isOn).toBe(false);
    expect(await two.bots.get('1')).toBe('value');
    proxy.pass();
    await off;
  });

  it('are told as lost when an instance ends that could tell nobody', async () => {
    const away = await startBehindProxy();
    await cut(away);
    await away.instance.service.disable('bots');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await away.instance.engine.runtime.close();
    expect(warn.mock.calls.map(([line]) => String(line))).toContain(
      'Cache switches that had not reached Redis are lost: bots',
    );
    warn.mockRestore();
  });

  it('count from when they were turned, if they reach Redis late', async () => {
    const clock = new FakeClock();
    const away = await startBehindProxy({ clock });
    const two = await start({ clock });
    const { instance: one, proxy } = away;
    await cut(away);
    await two.service.enable('stats');
    clock.advance('1s');
    await one.service.disable('bots');
    await one.service.disable('stats');
    clock.advance('1s');
    await two.service.enable('bots');
    const statsOff = new Promise<boolean>((resolve) => {
      two.engine.runtime.events.switches.subscribe(({ cache, enabled }) => {
        if (cache === 'stats') resolve(enabled);
      });
    });
    const on = one.whenBots('on');
    proxy.pass();
    await on;
    expect(await statsOff).toBe(false);
    expect(one.service.stats().caches).toMatchObject({ bots: { enabled: true }, stats: { enabled: false } });
    expect(two.service.stats().caches).toMatchObject({ bots: { enabled: true }, stats: { enabled: false } });
  });

  it('wait for no Redis that hangs, and reach it when it goes on', async () => {
    const [one, two] = [
      await start({ redis: { url: server.url, deadline: 100 } }),
      await start({ redis: { url: server.url, deadline: 100 } }),
    ];
    const off = two.whenBots('off');
    server.freeze();
    try {
      await one.service.disable('bots');
      expect(one.isOn).toBe(false);
      expect(two.isOn).toBe(true);
    } finally {
      server.thaw();
    }
    await off;
  });

  it('survive a Redis that is restarted, and one that has lost them', async () => {
    const [one, two] = [await start(), await start()];
    await one.service.disable('bots');
    await two.whenBots('off');
    await server.restart();
    await until(
      () => one.service.status()!.bus.state === 'armed' && two.service.status()!.bus.state === 'armed',
    );
    expect(one.isOn || two.isOn).toBe(false);
    expect((await start()).isOn).toBe(false);
    await admin.del(`${namespace}~switches`);
    await nudge();
    await until(async () => (await stored())?.startsWith('bots ') === true);
    expect(one.isOn || two.isOn).toBe(false);
  });

  it('are learnt by who could not hear of them', async () => {
    const [one, deaf] = [await start(), await startBehindProxy()];
    await until(() => deaf.instance.service.status()!.bus.state === 'armed');
    deaf.proxy.set({ kind: 'cut' }, 'bus');
    await until(() => deaf.instance.service.status()!.bus.state === 'broken');
    await one.service.disable('bots');
    expect(deaf.instance.isOn).toBe(true);
    const off = deaf.instance.whenBots('off');
    deaf.proxy.pass();
    await off;
  });

  it('are known to an instance that may not listen to the others', async () => {
    await admin.acl('SETUSER', 'deaf', 'on', '>s3cret', '~*', '+@all', 'resetchannels');
    const one = await start();
    await one.service.disable('bots');
    const url = `redis://deaf:s3cret@${server.host}:${server.port}`;
    const deaf = await start({ redis: { url, deadline: 2_000 } });
    expect(deaf.service.status()).toMatchObject({ connection: { state: 'ready' }, bus: { state: 'broken' } });
    expect(deaf.isOn).toBe(false);
  });

  it('are not believed from an answer that was garbled on its way', async () => {
    const one = await start();
    await one.service.disable('bots');
    const run = switchesScript.run.bind(switchesScript);
    const { switches } = one.engine.runtime.redis!;
    switchesScript.run = async (...of) => {
      const [text, digest] = (await run(...of)) as [Buffer, Buffer];
      return [Buffer.from(String(text).replace(/ 1(\d+) 0/, ' 9$1 1')), digest];
    };
    try {
      await switches.sync();
    } finally {
      switchesScript.run = run;
    }
    expect(one.isOn).toBe(false);
    expect(one.engine.problems.map(({ operation }) => operation)).toEqual(['switches']);
  });

  it('are where they were turned last, even if the clock of who did that is behind', async () => {
    const [early, late] = [new FakeClock(1_000_000), new FakeClock(9_000_000)];
    const [one, deaf] = [await start({ clock: late }), await startBehindProxy({ clock: early })];
    await until(() => deaf.instance.service.status()!.bus.state === 'armed');
    deaf.proxy.set({ kind: 'cut' }, 'bus');
    await until(() => deaf.instance.service.status()!.bus.state === 'broken');
    await one.service.disable('bots');
    const on = one.whenBots('on');
    await deaf.instance.service.enable('bots');
    await on;
    expect(deaf.instance.isOn).toBe(true);
    expect(await stored()).toBe('bots 9000001 1\n');
  });

  it('live for a month from when they were last looked at', async () => {
    const one = await start();
    await one.service.disable('bots');
    const name = `${namespace}~switches`;
    expect(await admin.pttl(name)).toBeGreaterThan(29 * DAY_MS);
    await admin.pexpire(name, DAY_MS);
    await nudge();
    await until(async () => (await admin.pttl(name)) > 29 * DAY_MS);
    expect(await admin.pttl(name)).toBeLessThanOrEqual(30 * DAY_MS);
  });

  it('are no more than a thousand: the oldest go', async () => {
    const one = await start({ clock: new FakeClock(10_000) });
    const lines = Array.from({ length: 1_000 }, (_, i) => `cache-${i} ${i + 1} 0\n`);
    await admin.set(`${namespace}~switches`, lines.join(''));
    await one.service.disable('bots');
    const kept = (await stored())!.split('\n').slice(0, -1);
    expect(kept).toHaveLength(1_000);
    expect(kept.slice(0, 2)).toEqual(['bots 10000 0', 'cache-999 1000 0']);
    expect(kept.at(-1)).toBe('cache-1 2 0');
    // Who knows one that was dropped does not start a quarrel.
    const two = await start();
    one.engine.runtime.engine.switches.adopt({ name: 'cache-0', enabled: false, at: 1 });
    const before = await admin.get(`${namespace}~switches`);
    await nudge();
    await one.engine.runtime.redis!.switches.sync();
    await two.engine.runtime.redis!.switches.sync();
    expect(await stored()).toBe(before);
  });

  it.each([
    ['a list', (name: string) => admin.rpush(name, 'x')],
    ['a text that is none of ours', (name: string) => admin.set(name, 'bots on\nbots 1 2\n')],
  ])('get along with %s under their name', async (_, write) => {
    await write(`${namespace}~switches`);
    const one = await start();
    expect(one.isOn).toBe(true);
    await one.service.disable('bots');
    expect(await stored()).toMatch(/^bots \d+ 0\n$/);
    expect((await start()).isOn).toBe(false);
  });

  it('are of one namespace', async () => {
    const other = await start({ namespace: `${namespace}-other` });
    const one = await start();
    await one.service.disable('bots');
    expect(await admin.exists(`${namespace}-other~switches`)).toBe(0);
    expect(other.isOn).toBe(true);
    expect(one.engine.problems).toEqual([]);
  });
});
