/** What the compiler must refuse of `@Cacheable`. Compiled, never run. */
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import { key, tag, type CacheKey, type CacheTag } from '../../src/definition/template.js';
import { type Bot, type DetailedBot, bot, byId, many, ofBots } from './support/caches.js';

interface Other {
  readonly nope: number;
}
declare function keyOn(this: Refused, id: string): CacheKey;
declare function tagsOn(this: Refused, id: string): readonly CacheTag[];
declare function tagsOfOn(this: Refused, result: Bot, id: string): readonly CacheTag[];
declare function ttlOn(this: Refused, result: Bot): number;
declare function reviveOn(this: Refused): Bot;
declare function selectOn(this: Other, id: string): [string];
declare function whenOn(this: Other, id: string): boolean;
declare function unlessOn(this: Other, result: Bot): boolean;

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

  // @ts-expect-error of several, too: only the last one may be undefined
  @Cacheable(byId, (id: string, size: number | undefined) => [`${id}:${size}`])
  async bothMayBeMissing(_id?: string, _size?: number): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error or only the first one
  @Cacheable(byId, (id: string | undefined, size: number) => [`${id}:${size}`])
  async lastMayBeMissing(_id?: string, _size?: number): Promise<Bot> {
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

  // @ts-expect-error `tagsOf` takes another result
  @Cacheable({ ttl: '1m', tagsOf: (result: DetailedBot) => [tag`bot:${result.details}`] })
  async tagsOfAnotherResult(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `tagsOf` takes other arguments
  @Cacheable({ ttl: '1m', tagsOf: (_result: Bot, id: number) => [tag`bot:${id}`] })
  async tagsOfOtherArguments(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `tagsOf` returns tags
  @Cacheable({ ttl: '1m', tagsOf: (result: Bot) => [result.id] })
  async tagsOfTexts(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error the key belongs to the cache, so that `this` is no instance
  @Cacheable({ ttl: '1m', key: keyOn })
  async keyWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and so do the tags
  @Cacheable({ ttl: '1m', tags: tagsOn })
  async tagsWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error those that the value tells, too
  @Cacheable({ ttl: '1m', tagsOf: tagsOfOn })
  async tagsOfWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and the ttl
  @Cacheable({ ttl: ttlOn })
  async ttlWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error with a definition, too
  @Cacheable(byId, undefined, { ttl: ttlOn })
  async ownTtlWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and `revive`
  @Cacheable({ ttl: '1m', revive: reviveOn })
  async reviveWithThis(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `this` of a selector is the instance
  @Cacheable(byId, selectOn)
  async selectorOfAnotherClass(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and of conditions
  @Cacheable(byId, undefined, { when: whenOn })
  async whenOfAnotherClass(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error of both of them
  @Cacheable(byId, undefined, { unless: unlessOn })
  async unlessOfAnotherClass(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error of a cache without a definition, too
  @Cacheable({ ttl: '1m', when: whenOn })
  async implicitWhenOfAnotherClass(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error and the other one
  @Cacheable({ ttl: '1m', unless: unlessOn })
  async implicitUnlessOfAnotherClass(_id: string): Promise<Bot> {
    return bot;
  }

  // @ts-expect-error `ttl` takes something else
  @Cacheable({ ttl: (token: { readonly expiresIn: number }) => token.expiresIn })
  async wrongTtl(_id: string): Promise<Bot> {
    return bot;
  }
}
