/** What the compiler must accept and refuse of decorators. Compiled, never run. */
import { applyDecorators } from '@nestjs/common';
import type { Cache } from '../../src/cache-handle.js';
import { CacheEvict, type CacheEvictOptions } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut, type CachePutOptions } from '../../src/decorators/cache-put.decorator.js';
import {
  Cacheable,
  type CacheableConditions,
  type CacheableOptions,
} from '../../src/decorators/cacheable.decorator.js';
import { InjectCache } from '../../src/decorators/inject-cache.decorator.js';
import { defineCache, type CacheDefinition } from '../../src/definition/define-cache.js';
import { key, pattern, tag, type CacheTag } from '../../src/definition/template.js';

interface Bot {
  readonly id: string;
  readonly orgId: number;
}
interface DetailedBot extends Bot {
  readonly details: string;
}

declare const bot: Bot;
declare const detailed: DetailedBot;
declare const someBoolean: boolean;

const byId = defineCache({ name: 'by-id', key: (id: string) => key`bot:${id}`, ttl: '5m' });
const page = defineCache({
  name: 'page',
  key: (orgId: number, size?: number) => key`org:${orgId}:${size}`,
  ttl: 1000,
});
const many = defineCache({
  name: 'many',
  key: (...ids: string[]) => key`many:${ids.join()}`,
  ttl: 'forever',
});
const all = defineCache({ name: 'all', key: () => key`all`, ttl: '1h' });
const ofBots = defineCache<[id: string], Bot>({ name: 'of-bots', key: (id) => key`bot:${id}`, ttl: '5m' });
const ofMaybe = defineCache<[id: string], Bot | null>({
  name: 'maybe',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
});
const byTtl = defineCache({
  name: 'by-ttl',
  key: (id: string) => key`${id}`,
  ttl: (token: { readonly expiresIn: number }) => token.expiresIn,
});

export class Accepted {
  @Cacheable(byId)
  async sameArguments(id: string): Promise<Bot> {
    return { ...bot, id };
  }

  @Cacheable(byId, (_userId: number, id: string) => [id])
  async picked(_userId: number, id: string): Promise<Bot> {
    return { ...bot, id };
  }

  @Cacheable(byId, (id: string) => [id])
  async selectorTakesFewer(_id: string, _more: number, ..._rest: Bot[]): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string | number) => [String(id)])
  async selectorTakesWider(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id?: string) => [id ?? 'none'])
  async optional(_id?: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id?: string) => [id ?? 'none'])
  async selectorOptionalOnly(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string, size: number) => [`${id}${size}`])
  async byDefault(_id: string, _size: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(page)
  async optionalOfTheCache(_orgId: number, _size?: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(page)
  async fewerThanTheCache(_orgId: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(page, (orgId: number) => [orgId])
  async selectsFewer(_orgId: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(many)
  async rest(..._ids: string[]): Promise<Bot> {
    return bot;
  }

  @Cacheable(many, (ids: readonly string[]) => ids)
  async readonlyArray(_ids: readonly string[]): Promise<Bot> {
    return bot;
  }

  @Cacheable(many, (...ids: string[]) => ids)
  async restSelector(_first: string, _second: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string) => [id] as const)
  async readonlyTuple(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(all, () => [])
  async noArguments(_id: string): Promise<readonly Bot[]> {
    return [bot];
  }

  @Cacheable(all)
  async none(): Promise<void> {}

  @Cacheable(ofBots)
  async subtype(_id: string): Promise<DetailedBot> {
    return detailed;
  }

  @Cacheable(ofMaybe)
  async union(_id: string): Promise<Bot | null> {
    return null;
  }

  @Cacheable(byTtl)
  async whatTtlLooksAt(_id: string): Promise<{ readonly expiresIn: number; readonly token: string }> {
    return { expiresIn: 1, token: '' };
  }

  @Cacheable(byId)
  async generic<T extends Bot>(_id: string): Promise<T | undefined> {
    return undefined;
  }

  @Cacheable(byId, (input: { readonly id: string }) => [input.id])
  async genericArgument<T extends Bot>(input: T): Promise<T> {
    return input;
  }

  @Cacheable(byId, (id: string, ..._sizes: number[]) => [id])
  async restOfBoth(_id: string, ..._sizes: number[]): Promise<Bot> {
    return bot;
  }

  async overloaded(id: string): Promise<Bot>;
  async overloaded(id: string, size: number): Promise<Bot>;
  @Cacheable(byId, (id: string, size?: number) => [`${id}:${size}`])
  async overloaded(_id: string, _size?: number): Promise<Bot> {
    return bot;
  }

  @CacheEvict({ tags: (_result: unknown, id: string) => [tag`bot:${id}`] })
  async untyped(_id: any): Promise<any> {}

  @Cacheable(byId)
  private async secret(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId)
  protected async guarded(_id: string): Promise<Bot> {
    return this.secret(_id);
  }

  @Cacheable(byId, undefined, {
    when: (id: string) => id !== '',
    unless: (result: Bot, id: string) => result.id === id,
  })
  async conditions(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (_user: number, id: string) => [id], { unless: (result: unknown) => result === null })
  async widerResult(_user: number, _id: string): Promise<Bot | null> {
    return bot;
  }

  @Cacheable(byId, function (this: Accepted, id: string) {
    return [this.prefix + id];
  })
  async usesThis(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable({ ttl: '1m' })
  async readonlyRest(..._all: readonly unknown[]): Promise<Bot> {
    return bot;
  }

  @Cacheable({ ttl: '1m' })
  async implicit(_anything: { readonly deep: readonly string[] }, ..._more: unknown[]): Promise<Bot> {
    return bot;
  }

  @Cacheable({
    ttl: (result: Bot, id: string) => result.orgId + id.length,
    name: 'implicit-with-everything',
    key: (id: string) => key`implicit:${id}`,
    tags: (id: string) => [tag`bot:${id}`],
    when: (_id: string, size: number) => size > 1,
    unless: (result: Bot) => result.orgId === 0,
    jitter: 0,
    nullTtl: 0,
    staleWhileRevalidate: '1m',
    staleIfError: '1h',
    l1: { ttl: '1s', maxEntries: 1 },
    l2: false,
    isolation: 'share',
    version: 2,
    enabled: true,
  })
  async everything(_id: string, _size: number): Promise<Bot> {
    return bot;
  }

  @CachePut({ cache: byId, select: (result: Bot) => [result.id] })
  @CachePut({
    cache: page,
    select: (result: Bot, size: number) => [result.orgId, size],
    when: (size: number) => size > 0,
  })
  @CachePut({ cache: ofBots, select: ({ id }: Bot) => [id], unless: (result: Bot) => result.id === '' })
  async put(_size: number): Promise<DetailedBot> {
    return detailed;
  }

  @CacheEvict({ cache: byId, select: (result: Bot) => [result.id] })
  @CacheEvict({
    cache: byId,
    select: (_result: unknown, id: string) => [id],
    when: (id: string) => id !== '',
  })
  @CacheEvict({ cache: byId, select: (id: string) => [id], before: true })
  @CacheEvict({ cache: page, all: true })
  @CacheEvict({ cache: page, all: true, before: someBoolean, when: () => true })
  @CacheEvict({ tags: (result: Bot, id: string) => [tag`bot:${id}`, tag`org:${result.orgId}`] })
  @CacheEvict({ tags: (id: string) => [tag`bot:${id}`], before: true })
  @CacheEvict({ tags: (): readonly CacheTag[] => [], before: false })
  @CacheEvict({ pattern: (result: Bot) => pattern`bot:${result.id}*` })
  @CacheEvict({ pattern: (id: string) => pattern`bot:${id}*`, before: true })
  async evict(_id: string): Promise<Bot> {
    return bot;
  }

  @CacheEvict({ cache: byId, select: (_result: void, id: string) => [id] })
  async evictNothing(_id: string): Promise<void> {}

  private readonly prefix = '';

  @InjectCache(byId)
  readonly property?: Cache<[id: string]>;

  constructor(@InjectCache(ofBots) readonly parameter: Cache<[id: string], Bot>) {}
}

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

export class Refused {
  // @ts-expect-error the selector's parameter has another type
  @Cacheable(byId, (id: number) => [String(id)])
  async otherType(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a narrower type is another type, too
  @Cacheable(byId, (id: 'a' | 'b') => [id])
  async narrower(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector does not know of null
  @Cacheable(byId, (id: string) => [id])
  async nullable(_id: string | null): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error bivariance: a method that takes any bot may be called with one that has no details
  @Cacheable(byId, (it: DetailedBot) => [it.details])
  async subtypeOfParameter(_it: Bot): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector takes more than the method is called with
  @Cacheable(byId, (_userId: string, id: string) => [id])
  async tooFew(_userId: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the method may be called without what the selector needs
  @Cacheable(byId, (id: string) => [id])
  async mayBeMissing(_id?: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and so may a method with a default
  @Cacheable(byId, (id: string) => [id])
  async hasDefault(_id = 'a'): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a rest parameter may be empty
  @Cacheable(byId, (id: string) => [id])
  async mayBeEmpty(..._ids: string[]): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a rest selector takes all arguments, the number too
  @Cacheable(many, (...ids: string[]) => ids)
  async restOfAnotherType(_id: string, _size: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector returns another type
  @Cacheable(byId, (id: number) => [id])
  async otherResult(_id: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector returns too much
  @Cacheable(byId, (userId: string, id: string) => [userId, id])
  async tooMuch(_userId: string, _id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector returns too little
  @Cacheable(byId, () => [])
  async tooLittle(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector forgot the brackets
  @Cacheable(byId, (id: string) => id)
  async noArray(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error an array of unknown length is no list of one
  @Cacheable(byId, (ids: string[]) => ids)
  async unknownLength(_ids: string[]): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error parameters of a selector cannot be inferred: they need a type
  @Cacheable(byId, (id) => [id])
  async unannotated(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error without a selector, the arguments must be the cache's
  @Cacheable(byId)
  async otherArguments(_id: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error without a selector, an argument that takes no part in the key is a mistake
  @Cacheable(byId)
  async moreArguments(_id: string, _size: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error nor may one be missing
  @Cacheable(byId)
  async noArguments(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a method that answers at once cannot wait for a cache
  @Cacheable(byId)
  synchronous(_id: string): Bot {
    return bot;
  }

  // @ts-expect-error nor can one that evicts
  @CacheEvict({ cache: byId, all: true })
  synchronousEvict(): void {}

  // @ts-expect-error a sequence is no value
  @Cacheable(byId)
  async *generator(_id: string): AsyncGenerator<Bot> {
    yield bot;
  }

  // @ts-expect-error the cache holds bots
  @Cacheable(ofBots)
  async notWhatTheCacheHolds(_id: string): Promise<string> {
    return '';
  }

  // @ts-expect-error the cache holds no null
  @Cacheable(ofBots)
  async maybeNull(_id: string): Promise<Bot | null> {
    return null;
  }

  // @ts-expect-error `when` is asked with the method's arguments
  @Cacheable(byId, undefined, { when: (size: number) => size > 0 })
  async wrongWhen(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `when` is asked before there is a result
  @Cacheable(byId, undefined, { when: (result: Bot, id: string) => result.id === id })
  async whenWithResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result comes first
  @Cacheable(byId, undefined, { unless: (id: string, result: Bot) => result.id === id })
  async unlessInWrongOrder(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result may be null
  @Cacheable(byId, undefined, { unless: (result: Bot) => result.orgId === 0 })
  async unlessOfAnotherResult(_id: string): Promise<Bot | null> {
    return null;
  }

  // @ts-expect-error conditions answer yes or no
  @Cacheable(byId, undefined, { when: (id: string) => id })
  async noBoolean(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error conditions answer at once
  @Cacheable(byId, undefined, { when: async () => true })
  async asyncCondition(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error no such option
  @Cacheable(byId, undefined, { whenever: () => true })
  async unknownCondition(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error forgot defineCache
  @Cacheable({ name: 'a', key: (id: string) => key`bot:${id}`, ttl: '5m' }, (id: string) => [id])
  async forgotDefineCache(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error no ttl
  @Cacheable({ name: 'a' })
  async noTtl(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a bare number in a text
  @Cacheable({ ttl: '60' })
  async bareSeconds(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error no such option
  @Cacheable({ ttl: '1m', timeToLive: 1 })
  async unknownOption(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a text is no key
  @Cacheable({ ttl: '1m', key: (id: string) => `bot:${id}` })
  async textAsKey(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `key` takes something else
  @Cacheable({ ttl: '1m', key: (id: number) => key`bot:${id}` })
  async wrongKey(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `tags` takes something else
  @Cacheable({ ttl: '1m', tags: (_id: string, orgId: number) => [tag`org:${orgId}`] })
  async wrongTags(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `ttl` takes something else
  @Cacheable({ ttl: (token: { readonly expiresIn: number }) => token.expiresIn })
  async wrongTtl(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error no selector
  @CachePut({ cache: byId })
  async putWithoutSelector(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result comes first
  @CachePut({ cache: byId, select: (id: string) => [id] })
  async putForgetsResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result has no such field
  @CachePut({ cache: byId, select: (result: DetailedBot) => [result.details] })
  async putOfAnotherResult(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the selector picks a number
  @CachePut({ cache: byId, select: (result: Bot) => [result.orgId] })
  async putSelectsOtherType(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the cache holds bots
  @CachePut({ cache: ofBots, select: (result: string) => [result] })
  async putOfOtherValue(): Promise<string> {
    return '';
  }

  // @ts-expect-error the selector does not take the method's arguments
  @CacheEvict({ cache: byId, select: (_result: Bot, id: number) => [String(id)] })
  async evictOtherType(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error before the call there is no result
  @CacheEvict({ cache: byId, select: (result: Bot) => [result.id], before: true })
  async evictBeforeWithResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the same for tags
  @CacheEvict({ tags: (result: Bot) => [tag`bot:${result.id}`], before: true })
  async tagsBeforeWithResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error unless it is known when it runs, a selector has to fit both
  @CacheEvict({ tags: (result: Bot) => [tag`bot:${result.id}`], before: someBoolean })
  async tagsAtAnyTime(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a text is no tag
  @CacheEvict({ tags: (result: Bot) => [`bot:${result.id}`] })
  async textAsTag(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a tag is no pattern
  @CacheEvict({ pattern: (result: Bot) => tag`bot:${result.id}` })
  async tagAsPattern(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error neither select nor all
  @CacheEvict({ cache: byId })
  async neither(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error both
  @CacheEvict({ cache: byId, all: true, select: (result: Bot) => [result.id] })
  async both(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `all: false` says nothing
  @CacheEvict({ cache: byId, all: false })
  async allFalse(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error two things at once
  @CacheEvict({ tags: () => [tag`a`], pattern: () => pattern`a:*` })
  async twoTargets(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error nothing at all
  @CacheEvict({})
  async nothing(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error there is no `unless` for evictions
  @CacheEvict({ tags: () => [tag`a`], unless: () => true })
  async unlessOfEviction(): Promise<Bot> {
    return bot;
  }

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

/** Any definition, of whatever arguments, can be cleared. */
export function clearing(definition: CacheDefinition): MethodDecorator {
  return CacheEvict({ cache: definition, all: true }) as MethodDecorator;
}
