import { inspect, isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CacheModule, Cacheable, defineCache, key } from 'nestjs-roost';
import { useApps } from './support/testing-app.js';

const counters = defineCache({ name: 'counters', key: (id: string) => key`counter:${id}`, ttl: '5m' });

let loads = 0;

@Injectable()
class Counter {
  readonly name = 'counter';

  @Cacheable(counters)
  async count(_id: string): Promise<number> {
    loads += 1;
    return loads;
  }
}

const start = useApps();

beforeEach(() => {
  loads = 0;
});

describe('the service of a decorated instance', () => {
  it('does not show: not in JSON, not in comparisons, not in the console, not in a copy', async () => {
    const app = await start({ providers: [Counter] });
    const counter = app.get(Counter);
    const plain = new Counter();

    expect(JSON.stringify(counter)).toBe('{"name":"counter"}');
    expect(counter).toEqual(plain);
    expect(counter).toStrictEqual(plain);
    expect(isDeepStrictEqual(counter, plain)).toBe(true);
    expect(inspect(counter)).toBe("Counter { name: 'counter' }");
    expect(Reflect.ownKeys(Object.assign({}, counter))).toEqual(['name']);
  });

  it('of a value that one application after another uses is the one of the last', async () => {
    const given = new Counter();
    const provider = { provide: 'given', useValue: given };
    await start({ providers: [provider] }, { namespace: 'first' });
    expect(await given.count('a')).toBe(1);
    await start({ providers: [provider] }, { namespace: 'second' });

    expect(await given.count('a')).toBe(2);
  });

  it('of a provider stays, when another application uses the instance as a value', async () => {
    const home = await start({ providers: [Counter] }, { namespace: 'home' });
    const counter = home.get(Counter);
    await counter.count('a');
    await start({ providers: [{ provide: 'guest', useValue: counter }] }, { namespace: 'abroad' });

    expect(await counter.count('a')).toBe(1);
  });

  it('is there in an instance that its own class has frozen', async () => {
    @Injectable()
    class Frozen extends Counter {
      constructor() {
        super();
        Object.freeze(this);
      }
    }
    const app = await start({ providers: [Frozen] });

    expect([await app.get(Frozen).count('a'), await app.get(Frozen).count('a')]).toEqual([1, 1]);
  });

  it('is there behind a proxy that binds methods to what is inside', async () => {
    const instrument = {
      instanceDecorator: (instance: unknown) => {
        if (!(instance instanceof Counter)) return instance;
        return new Proxy(instance, {
          get: (target, property) => {
            const value: unknown = Reflect.get(target, property, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    };
    const module = await Test.createTestingModule(
      { imports: [CacheModule.forRoot({ namespace: 'test' })], providers: [Counter] },
      { instrument } as Parameters<typeof Test.createTestingModule>[1],
    ).compile();

    const counter = module.get(Counter);
    expect([await counter.count('a'), await counter.count('a')]).toEqual([1, 1]);
    await module.close();
  });
});
