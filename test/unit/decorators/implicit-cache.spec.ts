import { Cacheable, key, pattern, type CacheKey } from 'nestjs-roost';
import { plannedDefinitions } from '../../../src/decorators/plan-registry.js';

function namesOf(prototype: object): string[] {
  return plannedDefinitions(prototype).map(({ definition }) => definition.name);
}

/** The key that a cache without a definition makes of these arguments. */
function keyOf(prototype: object, ...args: readonly unknown[]): string | undefined {
  return plannedDefinitions(prototype)[0]?.definition.key(...args);
}

class BotsService {
  @Cacheable({ ttl: '1m' })
  async calculateBotStatistics(..._anything: readonly unknown[]): Promise<number> {
    return 1;
  }
}

describe('a cache without a definition', () => {
  it('is named after class and method', () => {
    expect(namesOf(BotsService.prototype)).toEqual(['BotsService.calculateBotStatistics']);
  });

  it('is keyed by name and all arguments', () => {
    expect(keyOf(BotsService.prototype)).toBe('BotsService.calculateBotStatistics:%v');
    expect(keyOf(BotsService.prototype, '42', 42, null)).toBe(
      'BotsService.calculateBotStatistics:%q42,42,%n',
    );
  });

  it('tells arguments apart that differ in type alone, and not those that differ in order alone', () => {
    const lists = [
      [],
      [undefined],
      [null],
      ['null'],
      ['undefined'],
      [''],
      [1],
      ['1'],
      [[1]],
      [new Date(1)],
      [new Date(1).toISOString()],
      [new Date(1).toString()],
      [1, undefined],
      [{ a: 1 }],
      [{ a: '1' }],
      [new Map([['a', 1]])],
      [true],
      ['true'],
      ['a,b'],
      ['a', 'b'],
    ];
    expect(new Set(lists.map((list) => keyOf(BotsService.prototype, ...list))).size).toBe(lists.length);
    expect(keyOf(BotsService.prototype, { a: 1, b: 2 })).toBe(keyOf(BotsService.prototype, { b: 2, a: 1 }));
  });

  it('has a key within 200 bytes, whatever its name and the arguments', () => {
    class AClassWithANameThatIsLongEnoughToBeCutWhenItBecomesTheNameOfACache {
      @Cacheable({ ttl: '1m' })
      async andAMethodWithANameThatIsLongEnough(_text: string): Promise<number> {
        return 1;
      }
    }
    const { prototype } = AClassWithANameThatIsLongEnoughToBeCutWhenItBecomesTheNameOfACache;

    expect(namesOf(prototype)[0]?.length).toBeLessThanOrEqual(100);
    const long = keyOf(prototype, 'a'.repeat(119)) ?? '';
    expect(long.length).toBeLessThanOrEqual(200);
    expect(keyOf(prototype, `b${'a'.repeat(118)}`)).not.toBe(long);
    expect(keyOf(prototype, 'ü'.repeat(10_000))?.length).toBeLessThanOrEqual(200);
  });

  it('refuses arguments without content, naming the cache, the argument and the place in it', () => {
    expect(() => keyOf(BotsService.prototype, 'a', { filter: () => 1 })).toThrow(
      'Expected argument 2 of cache `BotsService.calculateBotStatistics` (filter) to be data that can be compared ' +
        'by its content, got a function. Leave it out, or make the key of something that has content, such as an ' +
        'id (`key` of @Cacheable or `defineCache`).',
    );
  });

  it('takes a name and a key of its own', () => {
    class Named {
      @Cacheable({ ttl: '1m', name: 'statistics', key: (id: string) => key`stats:${id}` })
      async find(_id: string): Promise<number> {
        return 1;
      }
    }

    expect(namesOf(Named.prototype)).toEqual(['statistics']);
    expect(keyOf(Named.prototype, 'a')).toBe('stats:a');
  });

  it('with a key and no name of its own has its keys below its name, so that heirs never meet', () => {
    abstract class Repository {
      @Cacheable({ ttl: '1m', key: (id: string) => key`entity:${id}` })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    class Users extends Repository {}
    class Orders extends Repository {}

    expect(keyOf(Users.prototype, '1')).toBe('Users.find:entity:1');
    expect(keyOf(Orders.prototype, '1')).toBe('Orders.find:entity:1');
    const long = 'x'.repeat(1000);
    expect(keyOf(Users.prototype, long)?.length).toBeLessThanOrEqual(200);
    expect(keyOf(Users.prototype, long)).not.toBe(keyOf(Orders.prototype, long));
    expect(keyOf(Users.prototype, long)).not.toBe(keyOf(Users.prototype, `${long}y`));
    expect(pattern`Users.find:entity:*`.matches(keyOf(Users.prototype, '1') ?? '')).toBe(true);
  });

  it('leaves to the engine what is no key', () => {
    class Careless {
      @Cacheable({ ttl: '1m', key: (made: unknown) => made as CacheKey })
      async find(_made: unknown): Promise<number> {
        return 1;
      }
    }

    for (const made of [undefined, 5, '', 'x'.repeat(201)]) {
      expect(keyOf(Careless.prototype, made)).toBe(made);
    }
  });

  it('is one for each class that inherits the method, so that two repositories never meet', () => {
    abstract class Repository {
      @Cacheable({ ttl: '1m' })
      async find(id: string): Promise<string> {
        return this.load(id);
      }

      abstract load(id: string): Promise<string>;
    }
    class Users extends Repository {
      async load(id: string): Promise<string> {
        return `user ${id}`;
      }
    }
    class Bots extends Repository {
      async load(id: string): Promise<string> {
        return `bot ${id}`;
      }
    }

    expect(namesOf(Users.prototype)).toEqual(['Users.find']);
    expect(namesOf(Bots.prototype)).toEqual(['Bots.find']);
    expect(keyOf(Users.prototype, '1')).not.toBe(keyOf(Bots.prototype, '1'));
    expect(plannedDefinitions(Users.prototype)[0]?.definition).toBe(
      plannedDefinitions(Users.prototype)[0]?.definition,
    );
  });

  it('with a name is one for all of them', () => {
    class Base {
      @Cacheable({ ttl: '1m', name: 'shared' })
      async find(id: string): Promise<string> {
        return id;
      }
    }
    class Heir extends Base {}

    expect(namesOf(Heir.prototype)).toEqual(['shared']);
    expect(plannedDefinitions(Heir.prototype)[0]?.definition).toBe(
      plannedDefinitions(Base.prototype)[0]?.definition,
    );
  });

  it('takes names that no cache can have as far as they go', () => {
    class _Odd$Name {
      @Cacheable({ ttl: '1m' })
      async $find_(): Promise<number> {
        return 1;
      }
    }

    expect(namesOf(_Odd$Name.prototype)).toEqual(['Odd-Name.-find']);
  });

  it('is named after the class that an unnamed one extends', () => {
    class Bots {
      @Cacheable({ ttl: '1m' })
      async find(): Promise<number> {
        return 1;
      }
    }
    const wrapped = (() => class extends Bots {})();

    expect(namesOf(wrapped.prototype)).toEqual(['Bots.find']);
  });

  it('of a class or method without a name asks for one', () => {
    const unnamed = Symbol();
    class Bots {
      @Cacheable({ ttl: '1m' })
      async [unnamed](): Promise<number> {
        return 1;
      }
    }

    expect(() => plannedDefinitions(Bots.prototype)).toThrow(
      'Expected Bots.Symbol() to have a class and a method that a cache can be named after, got `Bots.`.',
    );
  });
});
