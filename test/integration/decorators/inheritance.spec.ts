import { Injectable } from '@nestjs/common';
import { CacheEvict, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { useApps } from './support/testing-app.js';

const names = defineCache({ name: 'names', key: (id: string) => key`name:${id}`, ttl: '5m' });

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

describe('decorated methods and inheritance', () => {
  const start = useApps();

  it('two subclasses of a generic class never get the entries of each other', async () => {
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

  it('nor do they when the method has a key of its own', async () => {
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

  it('a definition is one cache, whoever uses it', async () => {
    const app = await start({ providers: [Users, Bots] });

    expect(await app.get(Users).name('1')).toBe('Users 1');
    expect(await app.get(Bots).name('1')).toBe('Users 1');
  });

  it('an override without decorators goes past the cache, and super goes through it', async () => {
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

  it('an override with decorators adds its own to those that super has', async () => {
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

  it('a class in the place of another one gets caches by its own name', async () => {
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
});
