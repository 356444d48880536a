/** What the compiler must accept and refuse of selectors that need time. Compiled, never run. */
import { CacheEvict } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut } from '../../src/decorators/cache-put.decorator.js';
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import { pattern, tag } from '../../src/definition/template.js';
import { all, bot, byId, many, page, type Bot } from './support/caches.js';

export class Accepted {
  @Cacheable(byId, async (id: string) => [id])
  async tuple(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, async (id: string) => [id] as const)
  async readonlyTuple(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(page, async (orgId: number) => [orgId])
  async selectsFewer(_orgId: number): Promise<Bot> {
    return bot;
  }

  @Cacheable(many, async (ids: readonly string[]) => ids)
  async anyLength(_ids: readonly string[]): Promise<Bot> {
    return bot;
  }

  @Cacheable(all, async () => [])
  async none(): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, (id: string): [string] | Promise<[string]> => (id === '' ? Promise.resolve(['']) : [id]))
  async sometimes(_id: string): Promise<Bot> {
    return bot;
  }

  @Cacheable(byId, async function (this: Accepted, name: string) {
    return [await this.idOf(name)];
  })
  async usesThis(_name: string): Promise<Bot> {
    return bot;
  }

  @CachePut({ cache: byId, select: async (result: Bot) => [result.id] })
  @CacheEvict({ cache: byId, select: async (result: Bot) => [result.id] })
  @CacheEvict({ cache: byId, select: async (id: string) => [id], before: true })
  @CacheEvict({ tags: async (result: Bot, id: string) => [tag`bot:${result.id}`, tag`bot:${id}`] })
  @CacheEvict({ tags: async (id: string) => [tag`bot:${id}`], before: true })
  @CacheEvict({ pattern: async (result: Bot) => pattern`bot:${result.id}*` })
  async everyWhere(_id: string): Promise<Bot> {
    return bot;
  }

  private async idOf(name: string): Promise<string> {
    return name;
  }
}

export class Refused {
  // @ts-expect-error it promises too much
  @Cacheable(byId, async (userId: string, id: string) => [userId, id])
  async tooMuch(_userId: string, _id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error it promises too little
  @Cacheable(byId, async () => [])
  async tooLittle(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error it promises another type
  @Cacheable(byId, async (id: number) => [id])
  async otherType(_id: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error it forgot the brackets
  @Cacheable(byId, async (id: string) => id)
  async noArray(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error an array of unknown length is no list of one
  @Cacheable(byId, async (ids: string[]) => ids)
  async unknownLength(_ids: string[]): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error it takes what the method does not have
  @Cacheable(byId, async (id: number) => [String(id)])
  async otherParameter(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the result comes first
  @CachePut({ cache: byId, select: async (id: string) => [id] })
  async putForgetsResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error before the call there is no result
  @CacheEvict({ cache: byId, select: async (result: Bot) => [result.id], before: true })
  async beforeWithResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error texts are no tags
  @CacheEvict({ tags: async (result: Bot) => [`bot:${result.id}`] })
  async texts(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error a tag is no pattern
  @CacheEvict({ pattern: async (result: Bot) => tag`bot:${result.id}` })
  async tagAsPattern(): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the tags of an entry are told at once
  @Cacheable({ ttl: '1m', tags: async (id: string) => [tag`bot:${id}`] })
  async tagsOfAnEntry(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error conditions answer at once
  @CacheEvict({ cache: byId, all: true, when: async () => true })
  async asyncCondition(_id: string): Promise<Bot> {
    return bot;
  }
}
