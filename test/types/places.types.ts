/** Where decorators may stand, and that they are called. Compiled, never run. */
import type { Cache } from '../../src/cache-handle.js';
import { CacheEvict } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut } from '../../src/decorators/cache-put.decorator.js';
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import { InjectCache } from '../../src/decorators/inject-cache.decorator.js';
import { type Bot, bot, byId, ofBots } from './support/caches.js';

export class Accepted {
  @InjectCache(byId)
  readonly property?: Cache<[id: string]>;

  constructor(@InjectCache(ofBots) readonly parameter: Cache<[id: string], Bot>) {}
}

export class Refused {
  // @ts-expect-error without parentheses it would do nothing
  @Cacheable
  async bareCacheable(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the same for @CachePut
  @CachePut
  async barePut(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the same for @CacheEvict
  @CacheEvict
  async bareEvict(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a property is no method
  @Cacheable(byId)
  readonly property = async (_id: string): Promise<Bot> => bot;

  // @ts-expect-error an accessor is no method
  @Cacheable({ ttl: '1m' })
  get accessor(): Promise<Bot> {
    return Promise.resolve(bot);
  }
}

// @ts-expect-error nor is it on a class
@Cacheable
export class BareDecorated {}

// @ts-expect-error a class is no method
@Cacheable(byId)
export class Decorated {}

export class Injections {
  // @ts-expect-error no definition
  @InjectCache({ name: 'a' })
  readonly property?: Cache<[id: string]>;

  // @ts-expect-error without parentheses
  @InjectCache
  readonly bare?: Cache<[id: string]>;

  // @ts-expect-error not by name
  constructor(@InjectCache('by-id') readonly parameter: Cache<[id: string]>) {}
}
