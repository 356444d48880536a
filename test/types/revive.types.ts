/**
 * What `revive` has the compiler know: the type of what callers get, whatever it says that it takes. Checked by
 * `tsc` alone.
 */
import type { Cache } from '../../src/cache-handle.js';
import { Cacheable } from '../../src/decorators/cacheable.decorator.js';
import { defineCache, type CacheDefinition } from '../../src/definition/define-cache.js';
import { key } from '../../src/definition/template.js';

interface BotFields {
  readonly name: string;
}
class Bot {
  constructor(readonly name: string) {}
  greet(): string {
    return this.name;
  }
}

export const revived: CacheDefinition<[id: string], Bot> = defineCache({
  name: 'revived',
  key: (id: string) => key`bot:${id}`,
  ttl: '5m',
  revive: (plain: BotFields) => new Bot(plain.name),
});

export const typed = defineCache<[id: string], Bot>({
  name: 'typed',
  key: (id) => key`bot:${id}`,
  ttl: (bot) => bot.greet().length,
  revive: (plain: BotFields) => new Bot(plain.name),
});

export const unannotated = defineCache({
  name: 'unannotated',
  key: (id: string) => key`bot:${id}`,
  ttl: '5m',
  revive: (plain) => Object.assign(new Bot(''), plain),
});

export const wrong = defineCache<[id: string], Bot>({
  name: 'wrong',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  // @ts-expect-error what callers get is a Bot
  revive: (plain: BotFields) => plain,
});

export const unknown = defineCache<[id: string], Bot>({
  name: 'unknown',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  // @ts-expect-error what comes from Redis is unknown until somebody says what it is
  revive: (plain) => new Bot(plain.name),
});

export async function read(cache: Cache<[id: string], Bot>): Promise<string | undefined> {
  return (await cache.get('1'))?.greet();
}

export class Bots {
  @Cacheable(revived)
  async find(id: string): Promise<Bot> {
    return new Bot(id);
  }

  @Cacheable({ ttl: '1m', revive: (plain: BotFields) => new Bot(plain.name), compress: true, encrypt: true })
  async other(id: string): Promise<Bot> {
    return new Bot(id);
  }
}
