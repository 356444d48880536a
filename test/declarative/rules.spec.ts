import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import {
  Cacheable,
  defineCache,
  key,
  pattern,
  tag,
  type CacheModuleOptions,
  type CacheRules,
} from 'nestjs-roost';
import { useApps } from '../integration/decorators/support/testing-app.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'plan.paid': { readonly userId: string };
    'plan.night': undefined;
    'plan.odd': unknown;
  }
}

const plan = defineCache({ name: 'plan', key: (userId: string) => key`plan:${userId}`, ttl: '5m' });
const usage = defineCache({
  name: 'usage',
  key: (userId: string) => key`usage:${userId}`,
  ttl: '5m',
  tags: (userId) => [tag`user:${userId}`],
});
const report = defineCache({ name: 'report', key: (userId: string) => key`report:${userId}`, ttl: '5m' });

const rules: CacheRules = {
  'plan.paid': async ({ userId }) => [plan.at(userId), tag`user:${userId}`, pattern`report:${userId}*`],
  'plan.night': () => [plan.all()],
  'plan.odd': (odd) => odd as never,
};

const ASKED_BY_NEST: ReadonlySet<string | symbol> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...['then', 'onModuleInit', 'onApplicationBootstrap', 'onModuleDestroy'],
  ...['beforeApplicationShutdown', 'onApplicationShutdown'],
]);

@Injectable()
class Billing {
  readonly loads: string[] = [];

  @Cacheable(plan)
  async plan(userId: string): Promise<string> {
    return this.load('plan', userId);
  }

  @Cacheable(usage)
  async usage(userId: string): Promise<string> {
    return this.load('usage', userId);
  }

  @Cacheable(report)
  async report(userId: string): Promise<string> {
    return this.load('report', userId);
  }

  /** What has to be loaded when all is read. */
  async loaded(...userIds: readonly string[]): Promise<readonly string[]> {
    this.loads.length = 0;
    for (const id of userIds) await Promise.all([this.plan(id), this.usage(id), this.report(id)]);
    return this.loads.toSorted();
  }

  private load(what: string, userId: string): string {
    this.loads.push(`${what} of ${userId}`);
    return what;
  }
}

describe('rules', () => {
  const start = useApps();
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  let namespaces = 0;
  const startBilling = async (options: Partial<CacheModuleOptions> = {}) => {
    const imports = [EventEmitterModule.forRoot({ wildcard: true })];
    const app = await start({ imports, providers: [Billing] }, { rules, ...options });
    return { app, service: app.service, billing: app.get(Billing), emitter: app.get(EventEmitter2) };
  };
  const everything = ['plan of ann', 'report of ann', 'usage of ann'];

  describe.each(['in memory', 'on Redis'])('%s', (where) => {
    const options = () =>
      where === 'in memory' ? {} : { redis: server.url, namespace: `rules:${(namespaces += 1)}` };

    it('evict by entry, tag and pattern what one event makes obsolete, and nothing else', async () => {
      const { billing, service } = await startBilling(options());
      await billing.loaded('ann', 'bob');
      await service.emit('plan.paid', { userId: 'ann' });
      expect(await billing.loaded('ann', 'bob')).toEqual(everything);
    });

    it('evict a whole cache', async () => {
      const { billing, service } = await startBilling(options());
      await billing.loaded('ann', 'bob');
      await service.emit('plan.night');
      expect(await billing.loaded('ann', 'bob')).toEqual(['plan of ann', 'plan of bob']);
    });

    it('wait for the end of a transaction, and are dropped with it', async () => {
      const { billing, service } = await startBilling(options());
      await billing.loaded('ann');
      const paid = async () => {
        await service.emit('plan.paid', { userId: 'ann' });
        throw new Error('rolled back');
      };
      await expect(service.transaction(paid)).rejects.toThrow('rolled back');
      expect(await billing.loaded('ann')).toEqual([]);
      await service.transaction(() => service.emit('plan.paid', { userId: 'ann' }));
      expect(await billing.loaded('ann')).toEqual(everything);
    });

    it('follow the events of @nestjs/event-emitter, and emitAsync waits for them', async () => {
      const { billing, emitter } = await startBilling(options());
      await billing.loaded('ann');
      await emitter.emitAsync('plan.paid', { userId: 'ann' });
      expect(await billing.loaded('ann')).toEqual(everything);
    });
  });

  it('evict on all instances', async () => {
    const shared = { redis: server.url, namespace: 'rules:shared' };
    const [one, two] = [await startBilling(shared), await startBilling(shared)];
    await one.billing.loaded('ann');
    expect(await two.billing.loaded('ann')).toEqual([]);
    await one.service.emit('plan.paid', { userId: 'ann' });
    // One after the other, as the messages arrive.
    const seen = new Set<string>();
    while (seen.size < everything.length) {
      // Messages come between turns of the event loop; hits in memory never end one.
      await setImmediate();
      for (const load of await two.billing.loaded('ann')) seen.add(load);
    }
    expect([...seen].toSorted()).toEqual(everything);
  });

  it('let a rule that fails fail the call of `emit`, and not who emits to @nestjs/event-emitter', async () => {
    const { service, emitter } = await startBilling();
    const text = "Expected the rule for 'plan.odd' to name what is to be evicted";
    await expect(service.emit('plan.odd', ['user:1', 7])).rejects.toThrow(text);
    await expect(service.emit('plan.odd', { userId: 'ann' })).rejects.toThrow(text);
    await expect(service.emit('plan.odd', ['two words'])).rejects.toThrow('got another text among them');
    await expect(emitter.emitAsync('plan.odd', [])).resolves.toEqual([undefined]);
    await expect(emitter.emitAsync('plan.odd', 7)).resolves.toEqual([undefined]);
  });

  it('evict nothing when one of the things that a rule names is none', async () => {
    const { billing, service } = await startBilling();
    await billing.loaded('ann');
    await expect(service.emit('plan.odd', [plan.at('ann'), 'two words'])).rejects.toThrow();
    expect(await billing.loaded('ann')).toEqual([]);
  });

  it('name the events that there are when one is emitted that has no rule', async () => {
    const { service } = await startBilling();
    await expect(service.emit('plan.payed' as 'plan.night')).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message:
        "Expected `emit` to get an event that `rules` of CacheModule has, got 'plan.payed'; " +
        "it has 'plan.paid', 'plan.night', 'plan.odd'. Add a rule, or check the spelling.",
    });
  });

  it('are functions', async () => {
    const wrong = { 'plan.night': [plan.all()] } as never;
    await expect(startBilling({ rules: wrong })).rejects.toThrow(
      "Expected `rules['plan.night']` to be a function of the event, got an array.",
    );
  });

  it.each([
    ['a list', [() => [plan.all()]], 'an array'],
    ['a map', new Map([['plan.night', () => [plan.all()]]]), 'an object (Map)'],
    ['an object of a class', new Billing(), 'an object (Billing)'],
    ['nothing', null, 'null'],
  ])('are a plain object, not %s', async (_, wrong, got) => {
    await expect(startBilling({ rules: wrong as never })).rejects.toMatchObject({
      code: 'CACHE_INVALID_OPTION',
      message: expect.stringContaining(
        `Expected \`rules\` to be a plain object of functions by the names of events, got ${got}. Write`,
      ),
    });
  });

  it('may be an object without a prototype, as modules are', async () => {
    const bare: CacheRules = Object.assign(Object.create(null), rules);
    const { billing, service } = await startBilling({ rules: bare });
    await billing.loaded('ann');
    await service.emit('plan.night');
    expect(await billing.loaded('ann')).toEqual(['plan of ann']);
  });

  it.each([
    ['are', rules],
    ['are not', {}],
  ])(
    'leave providers alone that cannot be asked outside of a request, when there %s rules',
    async (_, given) => {
      class Tenant {}
      const asked: string[] = [];
      const strict = new Proxy(new Tenant(), {
        get: (_target, name) => {
          if (ASKED_BY_NEST.has(name)) return undefined;
          asked.push(String(name));
          throw new Error(`There is no tenant to ask for ${String(name)}.`);
        },
      });
      const imports = [EventEmitterModule.forRoot()];
      const tenant = { provide: Tenant, useFactory: () => strict };
      const app = await start({ imports, providers: [tenant] }, { rules: given });
      expect(app.get(EventEmitter2).listenerCount('plan.paid')).toBe(given === rules ? 1 : 0);
      expect(asked).toEqual([]);
    },
  );

  it('are left when the application ends', async () => {
    const { app, emitter } = await startBilling();
    expect(emitter.listenerCount('plan.paid')).toBe(1);
    await app.close();
    expect(emitter.listenerCount('plan.paid')).toBe(0);
  });
});
