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

  @Cacheable({ ttl: '1m', revive: (plain) => Object.assign(new Bot(''), plain) })
  async unannotated(id: string): Promise<Bot | null> {
    return id === '' ? null : new Bot(id);
  }

  @Cacheable({
    ttl: '1m',
    revive(plain: BotFields) {
      return new Bot(plain.name);
    },
  })
  async asMethod(id: string): Promise<BotFields> {
    return new Bot(id);
  }

  // @ts-expect-error callers expect a Bot
  @Cacheable({ ttl: '1m', revive: () => 5 })
  async otherType(id: string): Promise<Bot> {
    return new Bot(id);
  }

  // @ts-expect-error that may be null
  @Cacheable({ ttl: '1m', revive: (plain: BotFields | null) => plain && new Bot(plain.name) })
  async mayBeNull(id: string): Promise<Bot> {
    return new Bot(id);
  }

  // @ts-expect-error what nobody knows is no Bot
  @Cacheable({ ttl: '1m', revive: (plain) => plain })
  async unknownType(id: string): Promise<Bot> {
    return new Bot(id);
  }

  @Cacheable({ ttl: '1m' })
  async withoutIt<Kind extends Bot>(bot: Kind): Promise<Kind> {
    return bot;
  }
}

export abstract class Repository<Entity extends Bot> {
  @Cacheable({ ttl: '1m' })
  async withoutRevive(id: string): Promise<Entity | null> {
    return id === '' ? null : this.make(id);
  }

  @Cacheable({ ttl: '1m', revive: (plain: BotFields): any => plain })
  async anything(id: string): Promise<Entity> {
    return this.make(id);
  }

  // @ts-expect-error a Bot is not every Entity
  @Cacheable({ ttl: '1m', revive: (plain: BotFields) => new Bot(plain.name) })
  async otherEntity(id: string): Promise<Entity> {
    return this.make(id);
  }

  protected abstract make(id: string): Entity;
}
