import { cacheOptionsFromEnv } from '../../../src/cache.options.env.js';
import type { CacheModuleOptions } from '../../../src/cache.options.js';
import { resolveOptions } from '../../../src/cache.options.resolved.js';
import { CacheError } from '../../../src/errors.js';

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof CacheError && error.code === 'CACHE_INVALID_OPTION') return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

describe('module options', () => {
  const resolve = (options: object) => resolveOptions({ namespace: 'app', ...options });

  it('need nothing but a namespace', () => {
    const options = resolve({});
    expect(options.redis).toBeUndefined();
    expect(options.memory).toEqual({ maxEntries: 10_000, maxBytes: 67_108_864 });
    expect(options.shutdownDeadline).toBe(5_000);
  });

  it.each(['prod:bots', 'a', 'a.b_c-d', 'x'.repeat(100)])('take %j for a namespace', (namespace) => {
    expect(resolve({ namespace }).namespace).toBe(namespace);
  });

  it.each([
    [''],
    ['a b'],
    ['a:'],
    [':a'],
    ['a::b'],
    ['{a}'],
    ['a*'],
    ['a~b'],
    ['x'.repeat(101)],
    [42],
    [undefined],
  ])('refuse %j as a namespace', (namespace) => {
    const message = messageOf(() => resolveOptions({ namespace } as CacheModuleOptions));
    expect(message).toMatch(/^Expected `namespace` to be .*, got .* \(\w+\)\. .*'prod:bots'/);
  });

  it.each([
    [{ l1: { maxEntries: 0 } }, '`l1.maxEntries`', '0 (number)'],
    [{ l1: { maxEntries: 1.5 } }, '`l1.maxEntries`', '1.5'],
    [{ l1: { maxBytes: '1mb' } }, '`l1.maxBytes`', "'1mb' (string)"],
    [{ ttlOverrides: { 'bot-details': '300' } }, "`ttlOverrides['bot-details']`", '300'],
    [{ disabled: 'bot-list' }, '`disabled`', "'bot-list' (string)"],
    [{ disabled: ['bot-list', 'bot list'] }, '`disabled`', "'bot list' (string)"],
    [{ disabled: [''] }, '`disabled`', "'' (string)"],
    [{ disabled: ['-'] }, '`disabled`', "'-' (string)"],
    [{ disabled: ['bot-list-'] }, '`disabled`', "'bot-list-' (string)"],
    [{ disabled: ['b'.repeat(101)] }, '`disabled`', 'bbb'],
    [{ disabled: [5] }, '`disabled`', '5 (number)'],
    [{ shutdownDeadline: -1 }, '`shutdownDeadline`', '-1'],
    [{ cacheManager: { ttl: 0 } }, '`cacheManager.ttl`', '0'],
    [{ redis: 'localhost:6379' }, '`redis`', 'another text'],
    [{ redis: 'http://localhost' }, '`redis`', 'another text'],
    [{ redis: 'redis://localhost:0' }, '`redis`', 'another text'],
    [{ redis: 'redis://localhost?db=3' }, '`redis`', 'more behind the host'],
    [{ redis: 'redis://localhost/zero' }, '`redis`', 'another path'],
    [{ defaults: { jitter: 5 } }, '`defaults.jitter`', '5'],
    [{ defaults: { isolation: 'x' } }, '`defaults.isolation`', "'x'"],
    [{ defaults: { nullTtl: 'abc' } }, '`defaults.nullTtl`', 'abc'],
    [{ l1: { ttl: 'abc' } }, '`l1.ttl`', 'abc'],
    [{ l1: { maxEntries: 1_000_000_000 } }, '`l1.maxEntries`', '1000000000'],
    [{ l1: null }, '`l1`', 'null'],
    [{ defaults: 5 }, '`defaults`', 'number'],
    [{ ttlOverrides: null }, '`ttlOverrides`', 'null'],
    [{ redis: null }, '`redis`', 'null'],
    [{ clock: {} }, '`clock`', 'without it'],
    [{ codec: { encode: () => new Uint8Array() } }, '`codec`', 'without it'],
    [{ redis: { url: '' } }, '`redis.url`', "''"],
    [{ redis: { url: 'redis://localhost', database: -1 } }, '`redis.database`', '-1'],
    [{ redis: { url: 'redis://localhost', deadline: 0 } }, '`redis.deadline`', '0'],
    [{ redis: { url: 'redis://localhost', tls: {} } }, '`redis.url`', 'redis:'],
  ])('refuse %j, naming option and value', (options, option, value) => {
    const message = messageOf(() => resolve(options));
    expect(message).toContain(`Expected ${option} to `);
    expect(message).toContain(value);
  });

  it.each([
    [{ reddis: 'redis://localhost' }, 'reddis'],
    [{ l1: { max: 5 } }, 'l1.max'],
    [{ defaults: { ttl: '5m' } }, 'defaults.ttl'],
    [{ redis: { url: 'redis://localhost', db: 1 } }, 'redis.db'],
    [{ cacheManager: { ttls: 1 } }, 'cacheManager.ttls'],
  ])('refuse %j, which no option has for a name', (options, name) => {
    expect(messageOf(() => resolve(options))).toContain(`got \`${name}\`. Check the spelling.`);
  });

  it('take user, password and database of Redis from the URL, or from beside it', () => {
    const url = 'rediss://me:p%40ss@redis.example:6380/3';
    expect(resolve({ redis: url }).redis).toMatchObject({
      address: { host: 'redis.example', port: 6380, database: 3, tls: true },
      options: { username: 'me', password: 'p@ss', db: 3, tls: {} },
    });
    const beside = { url, username: 'you', password: 'else', database: 5 };
    expect(resolve({ redis: beside }).redis).toMatchObject({
      options: { username: 'you', password: 'else', db: 5 },
    });
  });

  it.each([
    'redis://ada:s3cret',
    'redis:ada:s3cret',
    'redis://u:p@ss3c/word@host:6379',
    'redis://u:p@ss3c#word@host',
    'redis://u:p@ss3c?word@host',
    'redis//ada:s3cret@host',
    'http://ada:s3cret@host',
    'redis://ada:s3cret@host/db',
    'redis://ada:s3c%zzret@host',
  ])('never repeat the password of %s', (redis) => {
    const message = messageOf(() => resolve({ redis }));
    expect(message).not.toContain('s3c');
    expect(message).not.toContain('ada');
  });
});

describe('options from the environment', () => {
  const read = (env: Record<string, string>) => cacheOptionsFromEnv({ CACHE_NAMESPACE: 'app', ...env });

  it('are in memory with no more than a namespace', () => {
    expect(resolveOptions(read({})).redis).toBeUndefined();
    expect(resolveOptions(read({ REDIS_URL: '  ' })).redis).toBeUndefined();
  });

  it('fall back on the given ones', () => {
    expect(cacheOptionsFromEnv({}, { namespace: 'fallback', l1: { maxEntries: 5 } })).toMatchObject({
      namespace: 'fallback',
      l1: { maxEntries: 5 },
    });
  });

  it('take Redis apart', () => {
    const env = { REDIS_URL: 'redis://host:1234/1', REDIS_PASSWORD: 's3cret', REDIS_DB: '7' };
    expect(resolveOptions(read(env)).redis).toMatchObject({
      address: { host: 'host', port: 1234, database: 7 },
      options: { password: 's3cret', db: 7 },
    });
  });

  it('take the ttl of a cache in seconds, by its name', () => {
    const { ttlOverrides } = resolveOptions(read({ CACHE_TTL_BOT_DETAILS: '60', CACHE_TTL_BOT: '' }));
    expect([...ttlOverrides]).toEqual([['BOT_DETAILS', 60_000]]);
  });

  it.each([
    [{ REDIS_URL: 'localhost' }, 'REDIS_URL', 'another text'],
    [{ REDIS_URL: 'redis://host', REDIS_DB: 'one' }, 'REDIS_DB', 'one'],
    [{ REDIS_PASSWORD: 's3cret' }, 'REDIS_URL', 'REDIS_PASSWORD'],
    [{ CACHE_TTL_BOT_DETAILS: '5m' }, 'CACHE_TTL_BOT_DETAILS', '5m'],
    [{ CACHE_TTL_BOT_DETAILS: '-1' }, 'CACHE_TTL_BOT_DETAILS', '-1'],
    [{ CACHE_DISABLED: 'bot-list,-' }, 'CACHE_DISABLED', "'-' (string)"],
    [{ CACHE_DISABLED: 'bot-list bot-stats' }, 'CACHE_DISABLED', "'bot-list bot-stats'"],
    [{ CACHE_NAMESPACE: 'a b' }, 'CACHE_NAMESPACE', 'a b'],
    [{ CACHE_L1_MAX_ENTRIES: '0' }, 'CACHE_L1_MAX_ENTRIES', '0'],
    [{ CACHE_L1_MAX_BYTES: '64MB' }, 'CACHE_L1_MAX_BYTES', '64MB'],
  ])('refuse %j, naming variable and value', (env, variable, value) => {
    const message = messageOf(() => read(env));
    expect(message).toContain(`Expected \`${variable}\` to be`);
    expect(message).toContain(value);
  });

  it('take the names of disabled caches, in place of the given ones', () => {
    const disabled = (env: Record<string, string>, given?: readonly string[]) => [
      ...resolveOptions(
        cacheOptionsFromEnv(
          { CACHE_NAMESPACE: 'app', ...env },
          given === undefined ? {} : { disabled: given },
        ),
      ).disabled,
    ];
    expect(disabled({})).toEqual([]);
    expect(disabled({ CACHE_DISABLED: ' bot-list , BOT_STATS ' })).toEqual(['BOT_LIST', 'BOT_STATS']);
    expect(disabled({ CACHE_DISABLED: 'bot-list,,bot-stats, ' })).toEqual(['BOT_LIST', 'BOT_STATS']);
    expect(disabled({ CACHE_DISABLED: '' }, ['users'])).toEqual(['USERS']);
    expect(disabled({ CACHE_DISABLED: ' , ' }, ['users'])).toEqual(['USERS']);
    expect(disabled({ CACHE_DISABLED: 'bot-list' }, ['users'])).toEqual(['BOT_LIST']);
  });

  it('say that the namespace is missing', () => {
    expect(messageOf(() => cacheOptionsFromEnv({}))).toContain('CACHE_NAMESPACE');
  });

  it('never repeat a password', () => {
    const message = messageOf(() => read({ REDIS_URL: 'redis:/ada:s3cret@host' }));
    expect(message).not.toContain('s3cret');
  });
});
