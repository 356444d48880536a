/** What the compiler must accept and refuse of `@CachePut` and `@CacheEvict`. Compiled, never run. */
import { CacheEvict } from '../../src/decorators/cache-evict.decorator.js';
import { CachePut } from '../../src/decorators/cache-put.decorator.js';
import type { CacheDefinition } from '../../src/definition/define-cache.js';
import { pattern, tag, type CachePattern, type CacheTag } from '../../src/definition/template.js';
import {
  type Bot,
  type DetailedBot,
  bot,
  detailed,
  someBoolean,
  byId,
  page,
  ofBots,
} from './support/caches.js';

export class Accepted {
  @CacheEvict({ tags: (_result: unknown, id: string) => [tag`bot:${id}`] })
  async untyped(_id: any): Promise<any> {}

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

  @CachePut({ cache: byId, select: selectOnAccepted, unless: conditionOnAccepted })
  @CacheEvict({ cache: byId, select: selectOnAccepted })
  @CacheEvict({ tags: tagsOnAccepted })
  @CacheEvict({ pattern: patternOnAccepted })
  @CacheEvict({ cache: byId, all: true, when: conditionOnAccepted })
  async usesThis(): Promise<Bot> {
    return bot;
  }
}

declare function selectOnAccepted(this: Accepted): [string];
declare function tagsOnAccepted(this: Accepted): readonly CacheTag[];
declare function patternOnAccepted(this: Accepted): CachePattern;
declare function conditionOnAccepted(this: Accepted): boolean;

export class OfAnotherClass {
  readonly isOther = true;

  // @ts-expect-error `this` of a selector is the instance
  @CachePut({ cache: byId, select: selectOnAccepted })
  async put(): Promise<void> {}

  // @ts-expect-error and of conditions
  @CachePut({ cache: byId, select: () => ['1'], when: conditionOnAccepted })
  async putWhen(): Promise<void> {}

  // @ts-expect-error of both of them
  @CachePut({ cache: byId, select: () => ['1'], unless: conditionOnAccepted })
  async putUnless(): Promise<void> {}

  // @ts-expect-error the same for @CacheEvict
  @CacheEvict({ cache: byId, select: selectOnAccepted })
  async evict(): Promise<void> {}

  // @ts-expect-error with tags
  @CacheEvict({ tags: tagsOnAccepted })
  async evictTags(): Promise<void> {}

  // @ts-expect-error with a pattern
  @CacheEvict({ pattern: patternOnAccepted, before: true })
  async evictPattern(): Promise<void> {}

  // @ts-expect-error with a condition
  @CacheEvict({ cache: byId, all: true, when: conditionOnAccepted })
  async evictWhen(): Promise<void> {}
}

export class Refused {
  // @ts-expect-error nor can one that evicts
  @CacheEvict({ cache: byId, all: true })
  synchronousEvict(): void {}

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
}

/** Any definition, of whatever arguments, can be cleared. */
export function clearing(definition: CacheDefinition): MethodDecorator {
  return CacheEvict({ cache: definition, all: true }) as MethodDecorator;
}
