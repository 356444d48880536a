import { Injectable } from '@nestjs/common';
import { CacheEvict, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { inMemoryAndOnRedis, useAppsIn } from './support/places.js';

const names = defineCache({ name: 'names', key: (id: string) => key`name:${id}`, ttl: '5m' });

const rows = defineCache<[table: string, id: string], string>({
  name: 'rows',
  key: (table, id) => key`${table}:${id}`,
  ttl: '5m',
});

interface Entity {
  readonly id: string;
}

abstract class Repository<T extends Entity> {
  readonly loads: string[] = [];

  @Cacheable({ ttl: '1m' })
  async find(id: string): Promise<T> {
    this.loads.push(id);
    return this.load(id);
  }

  @Cacheable({ ttl: '1m', key: (id: string) => key`entity:${id}` })
  async findByKey(id: string): Promise<T> {
    this.loads.push(id);
    return this.load(id);
  }

  @Cacheable(names)
  async name(id: string): Promise<string> {
    this.loads.push(`name ${id}`);
    return `${this.constructor.name} ${id}`;
  }

  @CachePut({ cache: names, select: (entity: Entity) => [entity.id] })
  async save(entity: T): Promise<T> {
    return entity;
  }

  abstract load(id: string): Promise<T>;
}

interface User extends Entity {
  readonly user: true;
}
interface Bot extends Entity {
  readonly bot: true;
}

@Injectable()
class Users extends Repository<User> {
  async load(id: string): Promise<User> {
    return { id, user: true };
  }
}

@Injectable()
class Bots extends Repository<Bot> {
  async load(id: string): Promise<Bot> {
    return { id, bot: true };
  }
}

inMemoryAndOnRedis((place) => {
  const start = useAppsIn(place);

  describe('a decorated method that is inherited', () => {
    it('has a cache in each class that inherits it: heirs of one generic class never get the entries of each other', async () => {
      const app = await start({ providers: [Users, Bots] });

      expect(await app.get(Users).find('1')).toEqual({ id: '1', user: true });
      expect(await app.get(Bots).find('1')).toEqual({ id: '1', bot: true });
      expect(await app.get(Users).find('1')).toEqual({ id: '1', user: true });
      expect(app.get(Users).loads).toEqual(['1']);
      expect(Object.keys(app.service.stats().caches).toSorted()).toEqual([
        'Bots.find',
        'Bots.findByKey',
        'Users.find',
        'Users.findByKey',
        'names',
      ]);
    });

    it('has so with a key of its own, too', async () => {
      const app = await start({ providers: [Users, Bots] });

      expect(await app.get(Users).findByKey('1')).toEqual({ id: '1', user: true });
      expect(await app.get(Bots).findByKey('1')).toEqual({ id: '1', bot: true });
      expect(await app.get(Users).findByKey('1')).toEqual({ id: '1', user: true });
      expect(app.get(Users).loads).toEqual(['1']);
      const [users, bots] = await Promise.all([
        app.service.inspect(key`Users.findByKey:entity:1`),
        app.service.inspect(key`Bots.findByKey:entity:1`),
      ]);
      expect([users.tiers.l1, bots.tiers.l1]).toEqual([expect.anything(), expect.anything()]);
    });

    it('with a definition has one cache for all heirs', async () => {
      const app = await start({ providers: [Users, Bots] });

      expect(await app.get(Users).name('1')).toBe('Users 1');
      expect(await app.get(Bots).name('1')).toBe('Users 1');
    });

    it('can be overridden without decorators: the override goes past the cache, and super goes through it', async () => {
      @Injectable()
      class Loud extends Users {
        overridden = 0;

        override async name(id: string): Promise<string> {
          this.overridden += 1;
          return `${await super.name(id)}!`;
        }
      }
      const app = await start({ providers: [Loud] });
      const loud = app.get(Loud);

      expect([await loud.name('1'), await loud.name('1')]).toEqual(['Loud 1!', 'Loud 1!']);
      expect(loud.overridden).toBe(2);
      expect(loud.loads).toEqual(['name 1']);
    });

    it('can be overridden with decorators, which come in addition to those that super has', async () => {
      @Injectable()
      class Twice extends Users {
        overridden = 0;

        @Cacheable({ ttl: '1m' })
        override async find(id: string): Promise<User> {
          this.overridden += 1;
          return super.find(id);
        }

        @CacheEvict({ cache: names, select: (entity: Entity) => [entity.id] })
        override async save(entity: User): Promise<User> {
          return super.save(entity);
        }
      }
      const app = await start({ providers: [Twice] });
      const twice = app.get(Twice);

      await twice.find('1');
      await twice.find('1');
      expect(twice.overridden).toBe(1);
      expect(Object.keys(app.service.stats().caches)).toEqual(
        expect.arrayContaining(['Twice.find', 'Twice.Repository.find']),
      );

      await twice.name('1');
      await twice.save({ id: '1', user: true });
      expect(await twice.name('1')).toBe('Twice 1');
      expect(twice.loads).toEqual(['1', 'name 1', 'name 1']);
    });

    it('has a cache by the name of the class that stands in the place of another one', async () => {
      @Injectable()
      class Special extends Users {}
      const app = await start({ providers: [{ provide: Users, useClass: Special }] });

      await app.get(Users).find('1');

      expect(Object.keys(app.service.stats().caches).toSorted()).toEqual([
        'Special.find',
        'Special.findByKey',
        'names',
      ]);
    });

    it('may come from a mixin, which makes a class for each heir', async () => {
      function Cached<T extends Entity>(load: (id: string) => T) {
        @Injectable()
        class Mixin {
          calls = 0;

          @Cacheable({ ttl: '1m' })
          async load(id: string): Promise<T> {
            this.calls += 1;
            return load(id);
          }
        }
        return Mixin;
      }
      @Injectable()
      class CachedUsers extends Cached<User>((id) => ({ id, user: true })) {}
      @Injectable()
      class CachedBots extends Cached<Bot>((id) => ({ id, bot: true })) {}
      const app = await start({ providers: [CachedUsers, CachedBots] });

      for (let round = 0; round < 2; round += 1) {
        expect(await app.get(CachedUsers).load('1')).toEqual({ id: '1', user: true });
        expect(await app.get(CachedBots).load('1')).toEqual({ id: '1', bot: true });
      }
      expect([app.get(CachedUsers).calls, app.get(CachedBots).calls]).toEqual([1, 1]);
    });

    it('of one class under several tokens is told apart by a selector that asks `this`', async () => {
      class Table {
        constructor(readonly table: string) {}

        @Cacheable(rows, function (this: Table, id: string) {
          return [this.table, id];
        })
        async row(id: string): Promise<string> {
          return `${id} of ${this.table}`;
        }
      }
      const app = await start({
        providers: ['users', 'bots'].map((name) => ({ provide: name, useFactory: () => new Table(name) })),
      });
      const [users, tableOfBots] = [app.module.get<Table>('users'), app.module.get<Table>('bots')];

      for (let round = 0; round < 2; round += 1) {
        expect(await users.row('1')).toBe('1 of users');
        expect(await tableOfBots.row('1')).toBe('1 of bots');
      }
    });

    it('is there in an heir of an heir, and in one that only adds a constructor', async () => {
      @Injectable()
      class Special extends Users {
        constructor() {
          super();
          this.loads.push('made');
        }
      }
      @Injectable()
      class VerySpecial extends Special {}
      const app = await start({ providers: [VerySpecial] });

      await app.get(VerySpecial).find('1');
      await app.get(VerySpecial).find('1');

      expect(app.get(VerySpecial).loads).toEqual(['made', '1']);
    });
  });
});
