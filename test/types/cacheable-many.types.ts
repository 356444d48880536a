/** What the compiler must accept and refuse of `@CacheableMany`. Compiled, never run. */
import { CacheEvict } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut } from '../../src/decorators/cache-put.decorator.js';
import { CacheableMany } from '../../src/decorators/cacheable-many.decorator.js';
import { tag } from '../../src/definition/template.js';
import { all, bot, byId, many, ofBots, ofMaybe, page, type Bot, type DetailedBot } from './support/caches.js';

export class Accepted {
  @CacheableMany(byId)
  async sameArguments(ids: readonly string[]): Promise<Bot[]> {
    return ids.map((id) => ({ ...bot, id }));
  }

  @CacheableMany(byId)
  async mutableIds(_ids: string[]): Promise<readonly Bot[]> {
    return [];
  }

  @CacheableMany(page)
  async more(_orgIds: readonly number[], _size?: number): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(many)
  async rest(_ids: readonly string[], ..._more: string[]): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId, (id: number, userId: string) => [`${userId}:${id}`])
  async picked(_ids: readonly number[], _userId: string): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId, (id: string) => [id])
  async selectorTakesFewer(_ids: readonly string[], _userId: string): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId, async (id: number) => [String(id)])
  async later(_ids: readonly number[]): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId, ({ id }: { readonly id: string }) => [id])
  async objects(_bots: readonly Bot[]): Promise<string[]> {
    return [];
  }

  @CacheableMany(ofBots)
  async subtype(_ids: readonly string[]): Promise<DetailedBot[]> {
    return [];
  }

  @CacheableMany(ofMaybe)
  async maybe(_ids: readonly string[]): Promise<(Bot | null)[]> {
    return [];
  }

  @CacheableMany(ofBots, undefined, { result: 'map' })
  async map(_ids: readonly string[]): Promise<Map<string, Bot>> {
    return new Map();
  }

  @CacheableMany(byId, (id: number) => [String(id)], { result: 'map' })
  async readonlyMap(_ids: readonly number[], _more: Bot): Promise<ReadonlyMap<number, Bot>> {
    return new Map();
  }

  @CacheableMany(byId, undefined, {
    when: (ids: readonly string[]) => ids.length < 100,
    unless: (value: Bot, id: string) => value.id !== id,
    ttl: (value: Bot, id: string) => value.orgId + id.length,
    staleIfError: '1h',
    result: 'array',
  })
  async everything(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId, (id: string, _userId: number) => [id], {
    when: (_ids: readonly string[], userId: number) => userId > 0,
    unless: (value: Bot, _id: string, userId: number) => value.orgId === userId,
  })
  async more2(_ids: readonly string[], _userId: number): Promise<Bot[]> {
    return [];
  }

  @CacheableMany(byId)
  @CachePut({ cache: all, select: () => [] })
  @CacheEvict({ tags: (result: readonly Bot[]) => result.map(({ id }) => tag`bot:${id}`) })
  async besideOthers(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }
}

export abstract class Repository<Entity extends Bot> {
  @CacheableMany(byId, undefined, { unless: (value: Bot) => value.orgId === 0 })
  async find(_ids: readonly string[]): Promise<Entity[]> {
    return [];
  }
}

export abstract class Generic<Id extends string, Entity extends Bot> {
  @CacheableMany(byId)
  async list(_ids: readonly Id[]): Promise<Entity[]> {
    return [];
  }

  @CacheableMany(byId)
  async ofMethod<Some extends string>(_ids: readonly Some[]): Promise<(Bot & { readonly id: Some })[]> {
    return [];
  }
}

declare function selectOn(this: { readonly nope: number }, id: string): [string];
declare function conditionOn(this: { readonly nope: number }): boolean;

export class Refused {
  // @ts-expect-error called with those that are missing, however many they are
  @CacheableMany(byId)
  async tuple(_ids: readonly [string, string]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error one id is no array
  @CacheableMany(byId)
  async one(_id: string): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error one value is no array
  @CacheableMany(byId)
  async oneValue(_ids: readonly string[]): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the ids are of another type
  @CacheableMany(byId)
  async otherIds(_ids: readonly number[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error without a selector, an argument that takes no part in the key is a mistake
  @CacheableMany(byId)
  async moreArguments(_ids: readonly string[], _size: number): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error nor may one be missing
  @CacheableMany(byId)
  async noIds(): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the ids may be missing
  @CacheableMany(byId)
  async optionalIds(_ids?: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error ids come as one array
  @CacheableMany(byId)
  async spread(..._ids: string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error a cache without arguments has one entry
  @CacheableMany(all)
  async ofOneEntry(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the selector is asked with one id
  @CacheableMany(byId, (ids: readonly string[]) => [ids.join()])
  async selectorTakesAll(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the selector returns another type
  @CacheableMany(byId, (id: number) => [id])
  async selectsOtherType(_ids: readonly number[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error `this` of a selector is the instance
  @CacheableMany(byId, selectOn)
  async selectorOfAnotherClass(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error and of conditions
  @CacheableMany(byId, undefined, { when: conditionOn })
  async whenOfAnotherClass(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error of both of them
  @CacheableMany(byId, undefined, { unless: conditionOn })
  async unlessOfAnotherClass(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the selector takes more than the method has
  @CacheableMany(byId, (id: string, userId: string) => [userId + id])
  async selectorTakesMore(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the cache holds bots
  @CacheableMany(ofBots)
  async otherValues(_ids: readonly string[]): Promise<string[]> {
    return [];
  }

  // @ts-expect-error the cache holds no null
  @CacheableMany(ofBots)
  async nulls(_ids: readonly string[]): Promise<(Bot | null)[]> {
    return [];
  }

  // @ts-expect-error a map needs `result: 'map'`
  @CacheableMany(byId)
  async undeclaredMap(_ids: readonly string[]): Promise<Map<string, Bot>> {
    return new Map();
  }

  // @ts-expect-error an array is no map
  @CacheableMany(byId, undefined, { result: 'map' })
  async arrayAsMap(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error a map by something else
  @CacheableMany(byId, undefined, { result: 'map' })
  async mapOfOtherIds(_ids: readonly string[]): Promise<Map<number, Bot>> {
    return new Map();
  }

  // @ts-expect-error a map of something else
  @CacheableMany(ofBots, undefined, { result: 'map' })
  async mapOfOtherValues(_ids: readonly string[]): Promise<Map<string, string>> {
    return new Map();
  }

  // @ts-expect-error no such result
  @CacheableMany(byId, undefined, { result: 'set' })
  async otherResult(_ids: readonly string[]): Promise<Set<Bot>> {
    return new Set();
  }

  // @ts-expect-error `when` is asked with all ids
  @CacheableMany(byId, undefined, { when: (id: string) => id !== '' })
  async whenOfOne(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error `unless` is asked with one value
  @CacheableMany(byId, undefined, { unless: (values: readonly Bot[]) => values.length === 0 })
  async unlessOfAll(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error and with one id
  @CacheableMany(byId, undefined, { unless: (_value: Bot, ids: readonly string[]) => ids.length === 0 })
  async unlessOfAllIds(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error the cache's own
  @CacheableMany(byId, undefined, { version: 2 })
  async version(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error options declare no cache here
  @CacheableMany({ ttl: '1m' })
  async implicit(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }

  // @ts-expect-error a method that answers at once cannot wait for a cache
  @CacheableMany(byId)
  synchronous(_ids: readonly string[]): Bot[] {
    return [];
  }

  // @ts-expect-error without parentheses
  @CacheableMany
  async bare(_ids: readonly string[]): Promise<Bot[]> {
    return [];
  }
}
