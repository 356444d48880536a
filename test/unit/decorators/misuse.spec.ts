import { CacheEvict, CachePut, Cacheable, InjectCache, defineCache, key, tag } from 'nestjs-roost';
import { decorate, failureOf, type Loose } from './support/misuse.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });

const looseCacheable = Cacheable as unknown as Loose;
const loosePut = CachePut as unknown as Loose;
const looseEvict = CacheEvict as unknown as Loose;
const looseInject = InjectCache as unknown as Loose;

class Bots {
  async find(id: string): Promise<string> {
    return id;
  }

  get current(): Promise<string> {
    return this.find('current');
  }

  async *all(): AsyncGenerator<string> {
    yield await this.find('all');
  }

  static async make(id: string): Promise<string> {
    return id;
  }
}

/** The message of the refusal of a decorator on `Bots.find`. */
function refusal(decorator: (...place: readonly unknown[]) => void): string {
  const error = failureOf(() => decorate(decorator, Bots.prototype, 'find'));
  expect(error.code).toBe('CACHE_INVALID_USE');
  expect(error.message).toContain('Bots.find');
  expect(error.message).toContain('\n\nPotential solutions:\n- ');
  return error.message.split('\n')[0] ?? '';
}

describe('a decorator that cannot work is refused at decoration', () => {
  describe('for what it is told', () => {
    it.each<[string, (...place: readonly unknown[]) => void, string]>([
      [
        'a definition that is not there (imports in a circle)',
        looseCacheable(undefined),
        'Expected the first argument of @Cacheable of Bots.find to be a cache made with defineCache, got undefined.',
      ],
      [
        'a text in place of a definition',
        looseCacheable('bots'),
        'Expected the first argument of @Cacheable of Bots.find to be a cache made with defineCache, got a string.',
      ],
      [
        'a definition without defineCache, with a selector',
        looseCacheable({ name: 'bots', key: () => key`all`, ttl: 1 }, (id: string) => [id]),
        'Expected @Cacheable of Bots.find to have a selector only with a cache made with defineCache, got options and a selector.',
      ],
      [
        'an unknown option',
        looseCacheable({ ttl: 1, time: 1 }),
        'Expected the options of @Cacheable of Bots.find to be among `ttl`, `name`, `key`, `tags`, `when`, `unless`, `jitter`, `nullTtl`, `staleWhileRevalidate`, `staleIfError`, `refreshAhead`, `softTimeout`, `hardTimeout`, `tagsOf`, `l1`, `l2`, `isolation`, `compress`, `encrypt`, `version`, `revive`, `enabled`, got `time`.',
      ],
      [
        'an unknown condition',
        looseCacheable(bots, undefined, { if: () => true }),
        'Expected the options of @Cacheable of Bots.find to be among `when`, `unless`, `ttl`, `jitter`, `nullTtl`, `staleWhileRevalidate`, `staleIfError`, `refreshAhead`, `softTimeout`, `hardTimeout`, got `if`.',
      ],
      [
        'conditions that are none',
        looseCacheable(bots, undefined, 1),
        'Expected the options of @Cacheable of Bots.find to be an object, got a number.',
      ],
      [
        'options in place of the selector',
        looseCacheable(bots, { when: () => true }),
        'Expected `select` of @Cacheable of Bots.find to be a function, got an object.',
      ],
      [
        'a `when` that is no function',
        looseCacheable({ ttl: 1, when: true }),
        'Expected `when` of @Cacheable of Bots.find to be a function, got a boolean.',
      ],
      [
        'tags that are no function',
        looseCacheable({ ttl: 1, tags: [tag`a`] }),
        'Expected `tags` of @Cacheable of Bots.find to be a function, got an array.',
      ],
      [
        'no options for a put',
        loosePut(undefined),
        'Expected the options of @CachePut of Bots.find to be an object, got undefined.',
      ],
      [
        'a put without selector',
        loosePut({ cache: bots }),
        'Expected `select` of @CachePut of Bots.find to be a function, got undefined.',
      ],
      [
        'a put of a cache without defineCache',
        loosePut({ cache: { name: 'a' }, select: () => [] }),
        'Expected `cache` of @CachePut of Bots.find to be a cache made with defineCache, got an object.',
      ],
      [
        'an eviction of nothing',
        looseEvict({}),
        'Expected @CacheEvict of Bots.find to have one of `cache`, `tags` and `pattern`, got none.',
      ],
      [
        'an eviction of two things',
        looseEvict({ cache: bots, all: true, tags: () => [] }),
        'Expected @CacheEvict of Bots.find to have one of `cache`, `tags` and `pattern`, got `cache` and `tags`.',
      ],
      [
        'an eviction without select or all',
        looseEvict({ cache: bots }),
        'Expected @CacheEvict of Bots.find to have `cache` with either `select` or `all: true`, got neither.',
      ],
      [
        'an eviction with select and all',
        looseEvict({ cache: bots, all: true, select: () => [''] }),
        'Expected @CacheEvict of Bots.find to have `cache` with either `select` or `all: true`, got both.',
      ],
      [
        'an eviction of all that is not',
        looseEvict({ cache: bots, all: false }),
        'Expected @CacheEvict of Bots.find to have `cache` with either `select` or `all: true`, got `all` that is not true.',
      ],
      [
        'tags with a selector',
        looseEvict({ tags: () => [], select: () => [] }),
        'Expected @CacheEvict of Bots.find to have `select` and `all` only with `cache`, got one with `tags`.',
      ],
      [
        'a pattern that is no function',
        looseEvict({ pattern: 'bot:*' }),
        'Expected `pattern` of @CacheEvict of Bots.find to be a function, got a string.',
      ],
      [
        'a `before` that is not yes or no',
        looseEvict({ tags: () => [], before: 'call' }),
        'Expected `before` of @CacheEvict of Bots.find to be true or false, got a string.',
      ],
      [
        'a `strict` that is not yes or no',
        looseEvict({ tags: () => [], strict: 'yes' }),
        'Expected `strict` of @CacheEvict of Bots.find to be true or false, got a string.',
      ],
      [
        'an eviction with unless, which there is not',
        looseEvict({ tags: () => [], unless: () => true }),
        'Expected the options of @CacheEvict of Bots.find to be among `cache`, `select`, `all`, `tags`, `pattern`, `when`, `before`, `strict`, got `unless`.',
      ],
      [
        'an injection of no definition',
        looseInject({ name: 'bots' }),
        'Expected the argument of @InjectCache of Bots.find to be a cache made with defineCache, got an object.',
      ],
    ])('%s', (_what, decorator, message) => {
      expect(refusal(decorator)).toBe(message);
    });

    it('a name that no cache can have', () => {
      const error = failureOf(() =>
        decorate(looseCacheable({ ttl: 1, name: 'my cache' }), Bots.prototype, 'find'),
      );

      expect(error).toMatchObject({
        code: 'CACHE_INVALID_OPTION',
        message: expect.stringContaining('"my cache"'),
      });
    });

    it.each<[string, Loose, Loose]>([
      [
        'of the same definition',
        () => looseCacheable(bots),
        () => looseCacheable(bots, (id: string) => [id]),
      ],
      ['without a definition', () => looseCacheable({ ttl: 1 }), () => looseCacheable({ ttl: 2 })],
      [
        'of the same name',
        () => looseCacheable({ ttl: 1, name: 'a' }),
        () => looseCacheable({ ttl: 1, name: 'a' }),
      ],
    ])('a second @Cacheable on one method: %s', (_what, first, second) => {
      class Twice {
        async find(id: string): Promise<string> {
          return id;
        }
      }
      decorate(first(), Twice.prototype, 'find');
      const error = failureOf(() => decorate(second(), Twice.prototype, 'find'));

      expect(error.code).toBe('CACHE_INVALID_USE');
      expect(error.message).toMatch(
        'Expected each @Cacheable of Twice.find to have a cache of its own, got two with the same one.',
      );
    });
  });

  describe('for where it stands', () => {
    const decorators: [string, (...place: readonly unknown[]) => void][] = [
      ['Cacheable', looseCacheable({ ttl: 1 })],
      ['CachePut', loosePut({ cache: bots, select: () => [''] })],
      ['CacheEvict', looseEvict({ cache: bots, all: true })],
    ];

    it.each(decorators)('@%s on a static method', (name, decorator) => {
      expect(failureOf(() => decorate(decorator, Bots, 'make')).message).toMatch(
        `Expected @${name} of Bots.make to stand on an async method, got a static member.`,
      );
    });

    it.each(decorators)('@%s on an accessor', (name, decorator) => {
      expect(failureOf(() => decorate(decorator, Bots.prototype, 'current')).message).toMatch(
        `Expected @${name} of Bots.current to stand on an async method, got an accessor.`,
      );
    });

    it.each(decorators)('@%s on a generator', (name, decorator) => {
      expect(failureOf(() => decorate(decorator, Bots.prototype, 'all')).message).toMatch(
        `Expected @${name} of Bots.all to stand on an async method, got a generator.`,
      );
    });

    it.each(decorators)('@%s on a property, even one that holds a function', (name, decorator) => {
      expect(failureOf(() => decorator(Bots.prototype, 'load')).message).toMatch(
        `Expected @${name} of Bots.load to stand on an async method, got a property.`,
      );
      expect(failureOf(() => decorator(Bots.prototype, 'load', { value: 1 })).message).toMatch(
        `Expected @${name} of Bots.load to stand on an async method, got a property that holds a number.`,
      );
    });

    it.each(decorators)('@%s on a class', (name, decorator) => {
      expect(failureOf(() => decorator(Bots)).message).toMatch(
        `Expected @${name} of Bots to stand on an async method, got a class.`,
      );
    });

    it.each(decorators)('@%s on a parameter', (_name, decorator) => {
      expect(failureOf(() => decorator(Bots, undefined, 0)).message).toMatch('got a parameter.');
      expect(failureOf(() => decorator(Bots.prototype, 'find', 0)).message).toMatch('got a parameter.');
    });

    it.each(decorators)('@%s where the compiler follows the ECMAScript proposal', (_name, decorator) => {
      expect(failureOf(() => decorator(async () => 1, { kind: 'method', name: 'find' })).message).toMatch(
        'set `experimentalDecorators`',
      );
    });

    const find = Object.getOwnPropertyDescriptor(Bots.prototype, 'find');
    const bare: [string, Loose][] = [
      ['Cacheable', looseCacheable],
      ['CachePut', loosePut],
      ['CacheEvict', looseEvict],
      ['InjectCache', looseInject],
    ];

    it.each(bare)('@%s without parentheses, which would do nothing', (name, decorator) => {
      const refused = /^Expected @(\w+) of (.*) to be called, got it without parentheses\.\n/;
      const places: [string, readonly unknown[]][] = [
        ['Bots.find', [Bots.prototype, 'find', find]],
        ['Bots.Symbol(s)', [Bots.prototype, Symbol('s'), find]],
        ['Bots.load', [Bots.prototype, 'load', undefined]],
        ['Bots.load', [Bots.prototype, 'load']],
        ['Bots.make', [Bots, 'make', Object.getOwnPropertyDescriptor(Bots, 'make')]],
        ['Bots.find', [Bots.prototype, 'find', 0]],
        ['Bots', [Bots, undefined, 0]],
        ['Bots', [Bots]],
        ['find', [find?.value, { kind: 'method', name: 'find' }]],
      ];
      for (const [place, given] of places) {
        const { code, message } = failureOf(() => decorator(...given));
        expect(code).toBe('CACHE_INVALID_USE');
        expect(refused.exec(message)?.slice(1)).toEqual([name, place]);
        expect(message).toContain(`- Write it as in \`@${name}(`);
      }
    });

    it("@InjectCache on a method's parameter", () => {
      expect(failureOf(() => InjectCache(bots)(Bots.prototype, 'find', 0)).message).toMatch(
        'Expected @InjectCache of Bots.find to stand on a parameter of the constructor or on a property',
      );
    });
  });
});
