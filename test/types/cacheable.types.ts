/** What the compiler must accept of `@Cacheable`. Compiled, never run. */
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import type { CacheableOptions } from '../../src/decorators/cacheable-options.js';
import { key, tag } from '../../src/definition/template.js';
import {
  type Bot,
  type DetailedBot,
  bot,
  detailed,
  byId,
  page,
  many,
  all,
  ofBots,
  ofMaybe,
  byTtl,
} from './support/caches.js';

const constant: CacheableOptions = { ttl: '1m', jitter: 0 };

export class Accepted {
  @Cacheable(constant)
  async optionsOfAConstant(_id: string): Promise<Bot> {
    return bot;
  }

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

  @Cacheable(byId, (id: string | undefined) => [id ?? 'none'])
  async undefinedIsMissing(_id?: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (_org: number, id: unknown, size: number | undefined) => [`${String(id)}${size}`], {
    when: (_org: number, id: string | undefined, size?: number) => id !== undefined || size !== undefined,
    unless: (_result: Bot, _org: number | undefined, id: string | undefined) => id === undefined,
  })
  async severalMayBeMissing(_org: number, _id?: string, _size?: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string | undefined, ..._sizes: number[]) => [id ?? 'none'])
  async missingBeforeRest(_id?: string, ..._sizes: number[]): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string | undefined, size: number) => [`${id}:${size}`])
  async undefinedAtFirst(_id: string | undefined, _size: number): Promise<Bot> {
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

  @Cacheable(
    byId,
    function (this: { readonly prefix: string }, id: string) {
      return [this.prefix + id];
    },
    {
      when(this: Accepted, id: string) {
        return this.prefix !== id;
      },
      unless(this: void, result: Bot) {
        return result.orgId === 0;
      },
    },
  )
  async usesPartOfThis(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable({
    ttl: '1m',
    key(id: string) {
      return key`bot:${id}`;
    },
    when(this: Accepted, id: string) {
      return this.prefix !== id;
    },
  })
  async usesThisInConditions(_id: string): Promise<Bot> {
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
    tagsOf: (result: Bot, id: string) => [tag`org:${result.orgId}:${id}`],
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

  readonly prefix = '';
}
