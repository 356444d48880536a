import { CacheDefaults, Cacheable, CacheableMany, defineCache, key } from 'nestjs-roost';
import { decorate, failureOf, type Loose } from './support/misuse.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });
const others = defineCache({ name: 'others', key: (id: string) => key`other:${id}`, ttl: '5m' });

const looseDefaults = CacheDefaults as unknown as Loose;
const looseCacheable = Cacheable as unknown as Loose;
const looseMany = CacheableMany as unknown as Loose;

function makeBots() {
  return class Bots {
    async find(ids: readonly string[]): Promise<readonly string[]> {
      return ids;
    }

    static async make(): Promise<readonly string[]> {
      return [];
    }
  };
}

/** First line and code of what a decorator on `Bots.find` is refused with. */
function refusal(...decorators: readonly ((...place: readonly unknown[]) => void)[]) {
  const { prototype } = makeBots();
  const { code, message } = failureOf(() => {
    for (const decorator of decorators) decorate(decorator, prototype, 'find');
  });
  return { code, message: message.split('\n')[0] };
}

function refusalOnClass(defaults: unknown) {
  const { code, message } = failureOf(() => looseDefaults(defaults)(makeBots()));
  return { code, message: message.split('\n')[0] };
}

describe('@CacheDefaults is refused at decoration', () => {
  it.each<[string, unknown, string]>([
    [
      'nothing given',
      undefined,
      'Expected the options of @CacheDefaults of Bots to be an object, got undefined.',
    ],
    [
      'an unknown option',
      { timeToLive: 1 },
      'Expected the options of @CacheDefaults of Bots to be among `ttl`, `jitter`, `nullTtl`, `staleWhileRevalidate`, `staleIfError`, `refreshAhead`, `softTimeout`, `hardTimeout`, `prefix`, `l1`, `l2`, `isolation`, `compress`, `encrypt`, `version`, got `timeToLive`.',
    ],
    [
      'a ttl that is a function',
      { ttl: () => 1 },
      'Expected `ttl` of @CacheDefaults of Bots to be a duration, got a function.',
    ],
    [
      'a prefix that no name can begin with',
      { prefix: 'my bots' },
      'Expected `prefix` of @CacheDefaults of Bots to be 1 to 60 letters, digits and inner `. _ -`, got "my bots".',
    ],
    [
      'a prefix that is no text',
      { prefix: 1 },
      'Expected `prefix` of @CacheDefaults of Bots to be 1 to 60 letters, digits and inner `. _ -`, got a number.',
    ],
    [
      'a prefix that is too long',
      { prefix: 'a'.repeat(61) },
      `Expected \`prefix\` of @CacheDefaults of Bots to be 1 to 60 letters, digits and inner \`. _ -\`, got "${'a'.repeat(61)}".`,
    ],
  ])('for %s', (_what, defaults, message) => {
    expect(refusalOnClass(defaults)).toEqual({ code: 'CACHE_INVALID_USE', message });
  });

  it.each<[string, unknown, string]>([
    ['ttl', { ttl: '60' }, '`ttl` of @CacheDefaults of Bots'],
    ['jitter', { jitter: 2 }, '`jitter` of @CacheDefaults of Bots'],
    ['isolation', { isolation: 'none' }, '`isolation` of @CacheDefaults of Bots'],
    ['l1', { l1: { size: 1 } }, '`l1.size` of @CacheDefaults of Bots'],
  ])('for a wrong value of %s', (_option, defaults, expected) => {
    const { code, message } = refusalOnClass(defaults);
    expect(code).toBe('CACHE_INVALID_OPTION');
    expect(message).toContain(`Expected ${expected} to be `);
  });

  it('for a cache that is kept nowhere, with a way out that the class has', () => {
    expect(refusalOnClass({ l1: false, l2: false })).toEqual({
      code: 'CACHE_INVALID_OPTION',
      message:
        'Expected `l1` of @CacheDefaults of Bots to be on when `l2` is off, got false (boolean). Leave one of the two out. ' +
        'To store nothing at all, use `disabled` of CacheModule, or `enabled: false` of defineCache or @Cacheable.',
    });
  });

  it.each<[string, (apply: (...place: readonly unknown[]) => void) => void, string]>([
    [
      'a method',
      (apply) => decorate(apply, makeBots().prototype, 'find'),
      'of Bots.find to stand on a class',
    ],
    ['a static method', (apply) => decorate(apply, makeBots(), 'make'), 'of Bots.make to stand on a class'],
    ['a property', (apply) => apply(makeBots().prototype, 'name'), 'of Bots.name to stand on a class'],
    [
      'a class, where the compiler follows the ECMAScript proposal',
      (apply) => apply(makeBots(), { kind: 'class', name: 'Bots' }),
      'got a call that follows the ECMAScript proposal',
    ],
  ])('on %s', (_what, act, message) => {
    const error = failureOf(() => act(looseDefaults({ ttl: '1m' })));
    expect(error).toMatchObject({ code: 'CACHE_INVALID_USE', message: expect.stringContaining(message) });
  });

  it('without parentheses', () => {
    expect(failureOf(() => looseDefaults(makeBots())).message).toMatch(
      'Expected @CacheDefaults of Bots to be called, got it without parentheses.',
    );
  });

  it('twice on one class, and not on one that extends it', () => {
    const Bots = makeBots();
    looseDefaults({ ttl: '1m' })(Bots);
    looseDefaults({ ttl: '2m' })(class extends Bots {});
    expect(failureOf(() => looseDefaults({ jitter: 0 })(Bots)).message).toMatch(
      'Expected one @CacheDefaults of Bots, got two.',
    );
  });
});

describe('the policy of a method is refused at decoration', () => {
  it.each<[string, Loose]>([
    ['Cacheable', (options) => looseCacheable(bots, undefined, options)],
    ['CacheableMany', (options) => looseMany(bots, undefined, options)],
  ])('of @%s', (decorator, decoratorWith) => {
    expect(refusal(decoratorWith({ ttl: '60' }))).toEqual({
      code: 'CACHE_INVALID_OPTION',
      message: expect.stringContaining(`Expected \`ttl\` of @${decorator} of Bots.find to be `),
    });
    expect(refusal(decoratorWith({ version: 2 }))).toEqual({
      code: 'CACHE_INVALID_USE',
      message: expect.stringContaining('got `version`.'),
    });
    expect(refusal(decoratorWith(1)).message).toBe(
      `Expected the options of @${decorator} of Bots.find to be an object, got a number.`,
    );
  });
});

describe('@CacheableMany is refused at decoration', () => {
  it.each<[string, (...place: readonly unknown[]) => void, string]>([
    [
      'without a definition',
      looseMany(undefined),
      'Expected the first argument of @CacheableMany of Bots.find to be a cache made with defineCache, got undefined.',
    ],
    [
      'with options in place of a definition',
      looseMany({ ttl: '1m' }),
      'Expected the first argument of @CacheableMany of Bots.find to be a cache made with defineCache, got an object.',
    ],
    [
      'with a selector that is none',
      looseMany(bots, ['id']),
      'Expected `select` of @CacheableMany of Bots.find to be a function, got an array.',
    ],
    [
      'with another result',
      looseMany(bots, undefined, { result: 'set' }),
      "Expected `result` of @CacheableMany of Bots.find to be 'array' or 'map', got 'set'.",
    ],
    [
      'with a result that is no text',
      looseMany(bots, undefined, { result: Map }),
      "Expected `result` of @CacheableMany of Bots.find to be 'array' or 'map', got a function.",
    ],
  ])('%s', (_what, decorator, message) => {
    expect(refusal(decorator)).toEqual({ code: 'CACHE_INVALID_USE', message });
  });

  it.each<[string, Loose, Loose]>([
    ['above a @Cacheable', () => looseCacheable(bots), () => looseMany(others)],
    ['below a @Cacheable', () => looseMany(others), () => looseCacheable(bots)],
    ['beside another one', () => looseMany(others), () => looseMany(bots)],
  ])('%s', (_what, lower, upper) => {
    expect(refusal(lower(), upper())).toEqual({
      code: 'CACHE_INVALID_USE',
      message:
        'Expected @CacheableMany of Bots.find to be the only decorator that answers calls, got another one beside it.',
    });
  });

  it('without parentheses', () => {
    const { prototype } = makeBots();
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'find');
    expect(failureOf(() => looseMany(prototype, 'find', descriptor)).message).toMatch(
      'Expected @CacheableMany of Bots.find to be called, got it without parentheses.',
    );
  });

  it('on what is no method', () => {
    expect(failureOf(() => looseMany(bots)(makeBots().prototype, 'name')).message).toMatch(
      'Expected @CacheableMany of Bots.name to stand on an async method, got a property.',
    );
  });
});
