/** What the compiler must accept and refuse of shared options, composed decorators and generic classes. Compiled, never run. */
import { applyDecorators } from '@nestjs/common';
import { CacheEvict, type CacheEvictOptions } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut, type CachePutOptions } from '../../src/decorators/cache-put.decorator.js';
import type { CacheableConditions, CacheableOptions } from '../../src/decorators/cacheable-options.js';
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import { key, tag } from '../../src/definition/template.js';
import { type Bot, type DetailedBot, bot, byId, page } from './support/caches.js';

/** Cast to Nest's own type, a decorator can be part of another one. */
export const composed = applyDecorators(
  Cacheable(byId) as MethodDecorator,
  CachePut({ cache: byId, select: (result: Bot) => [result.id] }) as MethodDecorator,
  CacheEvict({ cache: byId, all: true }) as MethodDecorator,
);

/** Options that several methods share, and decorators that somebody makes of these. */
const brief = { ttl: '10s', staleIfError: '1h' } satisfies CacheableOptions;
const never = { when: () => false } satisfies CacheableConditions;

export function Briefly(options: Omit<CacheableOptions, 'ttl'>): MethodDecorator {
  return Cacheable({ ...brief, ...options }) as MethodDecorator;
}

export function PutUnlessNull<Args extends readonly unknown[], Value>(
  options: Omit<CachePutOptions<Args, Value>, 'unless'>,
): MethodDecorator {
  return CachePut({ ...options, unless: (result: unknown) => result === null }) as MethodDecorator;
}

export function EvictOf<Args extends readonly unknown[] = never>(
  ...targets: readonly CacheEvictOptions<Args>[]
): MethodDecorator {
  return applyDecorators(...targets.map((options) => CacheEvict(options) as MethodDecorator));
}

export class SharedOptions {
  @Cacheable({ ...brief, key: (id: string) => key`brief:${id}` })
  async shared(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, undefined, never)
  async conditions(_id: string): Promise<Bot> {
    return bot;
  }

  @Briefly({ key: (id: string) => key`bot:${id}`, unless: (result: Bot) => result.orgId === 0 })
  @PutUnlessNull({ cache: byId, select: (result: Bot) => [result.id] })
  @EvictOf({ tags: (id: string) => [tag`bot:${id}`], before: true }, { cache: page, all: true })
  @EvictOf<[id: string]>({ cache: byId, select: (result: Bot) => [result.id] })
  async composed(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error no ttl there
  @Briefly({ ttl: '1m' })
  async ttlTwice(_id: string): Promise<Bot> {
    return bot;
  }
}

export abstract class Repository<Entity extends Bot> {
  abstract load(id: string): Promise<Entity>;

  @Cacheable({ ttl: '1m', unless: (result: Bot | undefined) => result?.orgId === 0 })
  async find(id: string): Promise<Entity | undefined> {
    return this.load(id);
  }

  @CachePut({ cache: byId, select: (result: Bot) => [result.id] })
  async save(entity: Entity): Promise<Entity> {
    return entity;
  }

  @Cacheable(byId, (entity: Bot) => [entity.id])
  @CacheEvict({ tags: (_result: readonly Entity[], entity: Bot) => [tag`bot:${entity.id}`] })
  async similar(entity: Entity): Promise<readonly Entity[]> {
    return [entity];
  }

  @Cacheable({ ttl: '1m' })
  async anything<Other>(entity: Entity, ...others: Other[]): Promise<Entity | Other | undefined> {
    return others[0] ?? entity;
  }

  // @ts-expect-error not every entity has details
  @CachePut({ cache: byId, select: (result: DetailedBot) => [result.details] })
  async putDetails(entity: Entity): Promise<Entity> {
    return entity;
  }

  // @ts-expect-error nor among the arguments
  @CacheEvict({ tags: (_result: void, entity: DetailedBot) => [tag`${entity.details}`] })
  async evictDetails(_entity: Entity): Promise<void> {}
}

export abstract class Job<Input extends unknown[], Output> {
  @Cacheable({ ttl: '1m' })
  async run(...input: Input): Promise<Output> {
    return this.compute(input);
  }

  abstract compute(input: Input): Promise<Output>;
}
