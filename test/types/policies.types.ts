/** What the compiler must accept and refuse of policies of methods and classes, and of strictness. Compiled, never run. */
import type { Cache, CacheOf } from '../../src/cache-handle.js';
import { CacheDefaults } from '../../src/decorators/cache-defaults.decorator.js';
import { CacheEvict } from '../../src/decorators/cache-evict.decorator.js';
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import type { CacheClassDefaults } from '../../src/decorators/class-defaults.js';
import { InjectCache } from '../../src/decorators/inject-cache.decorator.js';
import { key, tag } from '../../src/definition/template.js';
import { all, bot, byId, ofBots, page, type Bot } from './support/caches.js';

const shared = { ttl: '1m', jitter: 0 } satisfies CacheClassDefaults;

@CacheDefaults({ ...shared, prefix: 'bots' })
export class Accepted {
  @Cacheable(byId, undefined, { ttl: '10s', staleIfError: '1h', refreshAhead: 0.8, hardTimeout: 500 })
  async fields(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (_userId: number, id: string) => [id], {
    when: (userId: number) => userId > 0,
    unless: (result: Bot) => result.orgId === 0,
    ttl: (result: Bot, id: string) => result.orgId + id.length,
  })
  async everything(_userId: number, _id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(page, undefined, { ttl: (_result: unknown, orgId: number) => orgId })
  async ttlTakesFewer(_orgId: number, _size?: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, undefined, { ttl: (result: Bot) => (result.orgId > 0 ? '1h' : 'forever') })
  async ttlInWords(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable({})
  async ttlOfTheClass(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable({ name: 'named', key: (id: string) => key`named:${id}`, staleIfError: '1h' })
  async restOfTheClass(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable()
  async allOfTheClass(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId)
  @Cacheable(page, (id: string) => [id.length])
  @Cacheable({ ttl: '1m' })
  async several(_id: string): Promise<Bot> {
    return bot;
  }

  @CacheEvict({ cache: byId, all: true, strict: true })
  @CacheEvict({ tags: (id: string) => [tag`bot:${id}`], before: true, strict: true })
  @CacheEvict({ cache: byId, select: (_result: void, id: string) => [id], strict: false })
  async strictly(_id: string): Promise<void> {}

  @InjectCache(ofBots)
  private readonly property?: CacheOf<typeof ofBots>;

  constructor(
    @InjectCache(byId) readonly untyped: CacheOf<typeof byId>,
    @InjectCache(all) readonly none: CacheOf<typeof all>,
  ) {}

  async read(): Promise<readonly Bot[]> {
    const handle: Cache<[id: string], Bot> | undefined = this.property;
    const value: Bot | undefined = await handle?.get('1');
    await this.untyped.evict('1');
    await this.none.evict();
    const same: CacheOf<typeof ofBots> | undefined = handle;
    return value === undefined || same === undefined ? [] : [value];
  }
}

@CacheDefaults({
  l1: { ttl: '5s' },
  l2: false,
  isolation: 'share',
  compress: true,
  encrypt: false,
  version: 2,
})
export abstract class AcceptedOnAbstractClasses {}

@CacheDefaults({})
export class AcceptedOnGenericClasses<Entity> {
  constructor(protected readonly entity: Entity) {}
}

export class Refused {
  // @ts-expect-error a bare number in a text
  @Cacheable(byId, undefined, { ttl: '60' })
  async bareSeconds(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the cache's own
  @Cacheable(byId, undefined, { version: 2 })
  async version(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the cache's own
  @Cacheable(byId, undefined, { l1: false })
  async memory(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the cache's own
  @Cacheable(byId, undefined, { tags: (id: string) => [tag`bot:${id}`] })
  async tags(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a name
  @Cacheable(byId, undefined, { name: 'other' })
  async name(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the ttl's function takes the arguments of the cache
  @Cacheable(byId, (userId: number) => [String(userId)], { ttl: (_result: Bot, userId: number) => userId })
  async ttlOfTheMethod(_userId: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result is no token
  @Cacheable(byId, undefined, { ttl: (token: { readonly expiresIn: number }) => token.expiresIn })
  async ttlOfAnotherResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error neither is it a text
  @Cacheable(byId, undefined, { refreshAhead: 'always' })
  async refreshAhead(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error undefined is an import that goes round in circles
  @Cacheable(undefined)
  async circular(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error without a cache of one's own a method that answers at once cannot wait either
  @Cacheable()
  synchronous(): Bot {
    return bot;
  }

  // @ts-expect-error yes or no
  @CacheEvict({ cache: byId, all: true, strict: 'yes' })
  async strictness(): Promise<void> {}

  // @ts-expect-error a class's business
  @CacheDefaults({ ttl: '1m' })
  async defaultsOfAMethod(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a handle of another cache
  readonly other: CacheOf<typeof ofBots> = {} as CacheOf<typeof page>;

  // @ts-expect-error no definition
  readonly none?: CacheOf<Bot>;
}

// @ts-expect-error without parentheses
@CacheDefaults
export class Bare {}

// @ts-expect-error nothing given
@CacheDefaults()
export class Nothing {}

// @ts-expect-error no such option
@CacheDefaults({ timeToLive: 1 })
export class UnknownOption {}

// @ts-expect-error what depends on a value is the method's
@CacheDefaults({ ttl: (token: { readonly expiresIn: number }) => token.expiresIn })
export class TtlFunction {}

// @ts-expect-error tags are the cache's own
@CacheDefaults({ tags: () => [tag`bots`] })
export class Tags {}

// @ts-expect-error a prefix is a text
@CacheDefaults({ prefix: 1 })
export class Prefix {}
