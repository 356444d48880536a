import { Cluster, Redis } from 'ioredis';
import { Redis as Redis6 } from 'ioredis-6';
import type { CacheModuleOptions } from '../../../src/cache.options.js';
import { cacheOptionsFromEnv } from '../../../src/cache.options.env.js';
import { resolveOptions } from '../../../src/cache.options.resolved.js';
import { CacheError } from '../../../src/errors.js';

type RedisOption = NonNullable<CacheModuleOptions['redis']>;

const SENTINELS = ['redis://a', 'redis://b:26380'];
const SECRETS = ['s3cret', '0ther', 'ada', 'bob'];

function resolve(redis: unknown) {
  return resolveOptions({ namespace: 'app', redis: redis as RedisOption }).redis;
}

function messageOf(redis: unknown): string {
  try {
    resolve(redis);
  } catch (error) {
    if (error instanceof CacheError && error.code === 'CACHE_INVALID_OPTION') return error.message;
    throw error;
  }
  throw new Error('expected an error');
}

/** What every message about an option must be. */
function expectRefused(redis: unknown, option: string, value: string): void {
  const message = messageOf(redis);
  expect(message).toMatch(/^Expected `[\w.[\]]+` to be .+, got .+\. .+\.$/);
  expect(message).toContain(`Expected \`${option}\` to be`);
  expect(message).toContain(value);
  for (const secret of SECRETS) expect(message).not.toContain(secret);
}

describe('the options of sentinels', () => {
  it('need nothing but one URL and the name of the master', () => {
    expect(resolve({ sentinels: SENTINELS, name: 'mymaster' })).toMatchObject({
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 26_380 },
      ],
      master: 'mymaster',
      database: 0,
      tls: false,
      deadline: 100,
    });
  });

  it('take the sentinels’ user and password from their URLs, or from beside them', () => {
    const sentinels = ['redis://me:p%40ss@a'];
    expect(resolve({ sentinels, name: 'm', username: 'app', password: 'x' })).toMatchObject({
      options: { username: 'app', password: 'x', sentinelUsername: 'me', sentinelPassword: 'p@ss' },
      watchOptions: { username: 'me', password: 'p@ss' },
    });
    const beside = { sentinelUsername: 'you', sentinelPassword: 'else' };
    expect(resolve({ sentinels, name: 'm', ...beside })).toMatchObject({
      options: beside,
      watchOptions: { username: 'you', password: 'else' },
    });
  });

  it('turn TLS on for the sentinels, for the server, or for both', () => {
    const secure = ['rediss://a'];
    const tls = { servername: 'server' };
    const both = resolve({ sentinels: secure, name: 'm', tls });
    expect(both).toMatchObject({
      tls: true,
      options: { tls, enableTLSForSentinelMode: true, sentinelTLS: tls },
    });
    expect(both).toMatchObject({ watchOptions: { tls } });
    const server = resolve({ sentinels: ['redis://a'], name: 'm', tls });
    expect(server).toMatchObject({ tls: true, options: { tls } });
    expect(server).not.toHaveProperty('options.sentinelTLS');
    expect(server).not.toHaveProperty('watchOptions.tls');
    const sentinelTls = { servername: 'sentinel' };
    expect(resolve({ sentinels: secure, name: 'm', tls, sentinelTls })).toMatchObject({
      options: { tls, sentinelTLS: sentinelTls },
      watchOptions: { tls: sentinelTls },
    });
  });

  it.each([
    [{ sentinels: [], name: 'm' }, 'redis.sentinels', 'an empty one'],
    [{ sentinels: 'redis://a', name: 'm' }, 'redis.sentinels', 'a value of type string'],
    [{ sentinels: ['a:26379'], name: 'm' }, 'redis.sentinels[0]', 'another text'],
    [{ sentinels: ['redis://a/1'], name: 'm' }, 'redis.sentinels[0]', '/1'],
    [{ sentinels: ['redis://a', 'rediss://b'], name: 'm' }, 'redis.sentinels[1]', 'another scheme'],
    [
      { sentinels: ['redis://ada:s3cret@a', 'redis://ada:0ther@b'], name: 'm' },
      'redis.sentinels[1]',
      'password',
    ],
    [{ sentinels: SENTINELS }, 'redis.name', 'undefined'],
    [{ sentinels: SENTINELS, name: '' }, 'redis.name', "''"],
    [{ sentinels: SENTINELS, name: 'm', database: -1 }, 'redis.database', '-1'],
    [{ sentinels: SENTINELS, name: 'm', sentinelTls: {} }, 'redis.sentinels[0]', 'redis://'],
    [{ sentinels: SENTINELS, name: 'm', sentinelPassword: 5 }, 'redis.sentinelPassword', 'number'],
    [{ sentinels: SENTINELS, name: 'm', url: 'redis://ada:s3cret@a' }, 'redis.url', 'both'],
    [{ sentinels: SENTINELS, name: 'm', cluster: ['redis://ada:s3cret@a'] }, 'redis.cluster', 'both'],
    [{ url: 'redis://a', name: 'm' }, 'redis.name', 'both'],
    [{ url: 'redis://a', sentinelPassword: 's3cret' }, 'redis.sentinelPassword', 'both'],
    [{ cluster: ['redis://a'], name: 'm' }, 'redis.name', 'both'],
  ])('refuse %j, naming option and value, and no password', (redis, option, value) => {
    expectRefused(redis, option, value);
  });
});

describe('a client of the application’s own', () => {
  const clients: (Redis | Cluster | Redis6)[] = [];

  afterAll(() => clients.forEach((client) => client.disconnect()));

  function own<Client extends Redis | Cluster | Redis6>(client: Client): Client {
    clients.push(client);
    return client;
  }

  it('is taken as it is, with a deadline beside it', () => {
    const all = [
      own(new Redis({ lazyConnect: true })),
      own(new Redis6({ lazyConnect: true })),
      own(new Cluster(['redis://a'], { lazyConnect: true })),
    ];
    for (const client of all) {
      const resolved = resolve({ client, deadline: 50 });
      expect(resolved).toMatchObject({ kind: 'client', deadline: 50 });
      expect(resolved?.kind === 'client' && resolved.client === client).toBe(true);
    }
  });

  it.each([
    ['undefined', undefined, 'got undefined'],
    ['null', null, 'got null'],
    ['a URL', 'redis://ada:s3cret@a', 'got a value of type string'],
    ['a class', Redis, 'got a value of type function'],
    ['any object', { get: () => 's3cret' }, 'got an object without connect'],
    ['node-redis', { connect() {}, duplicate() {}, isOpen: false }, 'got one of node-redis'],
  ])('is not %s', (_, client, got) => {
    const message = messageOf({ client });
    expect(message).toMatch(
      /^Expected `redis\.client` to be a client of ioredis 5 or 6, .* new Redis\('redis:/,
    );
    expect(message).toContain(got);
    for (const secret of SECRETS) expect(message).not.toContain(secret);
  });

  it.each([
    ['keyPrefix', () => new Redis({ lazyConnect: true, keyPrefix: 'x:' })],
    ['keyPrefix', () => new Cluster(['redis://a'], { lazyConnect: true, redisOptions: { keyPrefix: 'x:' } })],
    ['stringNumbers', () => new Redis({ lazyConnect: true, stringNumbers: true })],
    ["scaleReads: 'master'", () => new Cluster(['redis://a'], { lazyConnect: true, scaleReads: 'slave' })],
    ['a client of a master', () => new Redis({ lazyConnect: true, readOnly: true })],
    [
      'a client of a master',
      () => new Redis({ lazyConnect: true, sentinels: [{}], name: 'm', role: 'slave' }),
    ],
    ['a client that takes commands', () => new Redis({ lazyConnect: true, monitor: true })],
  ])('is refused where answers would be wrong: %s', (what, make) => {
    const message = messageOf({ client: own(make()) });
    expect(message).toMatch(/^Expected `redis\.client` to be .+, got .+\. .+\.$/);
    expect(message).toContain(what);
  });

  it.each([
    ['url', 'redis://ada:s3cret@a'],
    ['password', 's3cret'],
    ['database', 1],
    ['tls', {}],
    ['name', 'm'],
  ])('stands without `%s`', (option, value) => {
    const client = own(new Redis({ lazyConnect: true }));
    expectRefused({ client, [option]: value }, `redis.${option}`, 'left out beside `redis.client`');
  });
});

describe('passwords and TLS', () => {
  it('may be a function, and is then in no options', () => {
    const resolved = resolve({ url: 'redis://ada:s3cret@a', password: () => '0ther' });
    expect(resolved).toMatchObject({ options: { username: 'ada' }, passwords: { password: {} } });
    expect(resolved).not.toHaveProperty('options.password');
  });

  it.each([
    [{ url: 'redis://a', password: 5 }, 'redis.password', 'number'],
    [{ url: 'redis://a', username: 5 }, 'redis.username', 'number'],
    [{ url: 'rediss://a', tls: true }, 'redis.tls', 'boolean'],
    [{ url: 'rediss://a', tls: null }, 'redis.tls', 'null'],
    [
      { url: 'rediss://a', tls: { cert: '/etc/s3cret.pem', key: 's3cret' } },
      'redis.tls',
      "ones that it can't",
    ],
  ])('refuse %j, naming option and value, and no password', (redis, option, value) => {
    expectRefused(redis, option, value);
  });

  it('warn when nothing is verified', () => {
    expect(resolve({ url: 'rediss://a', tls: { rejectUnauthorized: true } })?.warnings).toEqual([]);
    for (const redis of [
      { url: 'rediss://a', tls: { rejectUnauthorized: false } },
      { cluster: ['rediss://a'], tls: { rejectUnauthorized: false } },
      { sentinels: ['redis://a'], name: 'm', tls: { rejectUnauthorized: false } },
    ]) {
      expect(resolve(redis)?.warnings).toEqual([
        expect.stringMatching(/^`redis\.tls\.rejectUnauthorized` is false: .*`redis\.tls\.ca` instead\.$/),
      ]);
    }
  });
});

describe('the kinds of connection', () => {
  it('exclude each other for the compiler, too', () => {
    const client = new Redis({ lazyConnect: true });
    const options: RedisOption[] = [
      { url: 'redis://a', password: () => 'x' },
      { url: 'redis://a', password: async () => 'x' },
      { sentinels: SENTINELS, name: 'm', database: 1, sentinelPassword: () => 'x' },
      { client },
      { client: new Redis6({ lazyConnect: true }), deadline: 50 },
      { client: new Cluster(['redis://a'], { lazyConnect: true }) },
      // @ts-expect-error the master has a name
      { sentinels: SENTINELS },
      // @ts-expect-error one server, or one that sentinels know
      { sentinels: SENTINELS, name: 'm', url: 'redis://a' },
      // @ts-expect-error a cluster has no sentinels
      { cluster: SENTINELS, name: 'm' },
      // @ts-expect-error one server has no sentinels
      { url: 'redis://a', sentinelPassword: 'x' },
      // @ts-expect-error the client knows its password
      { client, password: 'x' },
      // @ts-expect-error the client knows where it leads
      { client, url: 'redis://a' },
      // @ts-expect-error a client that may not be there
      { client: undefined as Redis | undefined },
      // @ts-expect-error no client of ioredis
      { client: { get: () => 'x' } },
      // @ts-expect-error a password is a text
      { url: 'redis://a', password: () => 5 },
    ];
    expect(options).toHaveLength(15);
    client.disconnect();
  });
});

describe('sentinels and clusters from the environment', () => {
  const read = (env: Record<string, string>) => cacheOptionsFromEnv({ CACHE_NAMESPACE: 'app', ...env });

  function refusal(env: Record<string, string>): string {
    try {
      read(env);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('expected an error');
  }

  it('are found', () => {
    const env = {
      REDIS_SENTINELS: 'redis://a, redis://b:26380',
      REDIS_SENTINEL_NAME: 'mymaster',
      REDIS_SENTINEL_USERNAME: 'me',
      REDIS_SENTINEL_PASSWORD: 's3cret',
      REDIS_USERNAME: 'app',
      REDIS_PASSWORD: '0ther',
      REDIS_DB: '3',
    };
    expect(resolveOptions(read(env)).redis).toMatchObject({
      kind: 'sentinel',
      sentinels: [{ host: 'a' }, { host: 'b', port: 26_380 }],
      master: 'mymaster',
      database: 3,
      options: { username: 'app', password: '0ther', sentinelUsername: 'me', sentinelPassword: 's3cret' },
    });
  });

  it('are found for a cluster, too', () => {
    const env = {
      REDIS_CLUSTER: 'redis://a, redis://b:6380',
      REDIS_USERNAME: 'app',
      REDIS_PASSWORD: '0ther',
    };
    expect(resolveOptions(read(env)).redis).toMatchObject({
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 6379 },
        { host: 'b', port: 6380 },
      ],
      options: { username: 'app', password: '0ther' },
    });
  });

  it.each([
    [{ REDIS_CLUSTER: 'a:6379' }, 'REDIS_CLUSTER[0]', 'another text'],
    [{ REDIS_CLUSTER: 'redis://a,,redis://b' }, 'REDIS_CLUSTER[1]', "''"],
    [{ REDIS_CLUSTER: 'redis://ada:s3cret@a/1' }, 'REDIS_CLUSTER[0]', '/1'],
    [{ REDIS_CLUSTER: 'redis://ada:s3cret@a', REDIS_DB: '0' }, 'REDIS_DB', 'both'],
    [{ REDIS_CLUSTER: 'redis://a', REDIS_URL: 'redis://ada:s3cret@b' }, 'REDIS_URL', 'both'],
    [
      { REDIS_CLUSTER: 'redis://a', REDIS_SENTINELS: 'redis://ada:s3cret@b', REDIS_SENTINEL_NAME: 'm' },
      'REDIS_CLUSTER',
      'both',
    ],
    [{ REDIS_CLUSTER: 'redis://a', REDIS_SENTINEL_PASSWORD: 's3cret' }, 'REDIS_SENTINELS', 'nothing'],
    [{ REDIS_SENTINELS: 'redis://a' }, 'REDIS_SENTINEL_NAME', 'nothing'],
    [{ REDIS_SENTINELS: 'a:26379', REDIS_SENTINEL_NAME: 'm' }, 'REDIS_SENTINELS', 'another text'],
    [{ REDIS_SENTINELS: 'redis://ada:s3cret@a/1', REDIS_SENTINEL_NAME: 'm' }, 'REDIS_SENTINELS', '/1'],
    [
      { REDIS_SENTINELS: 'redis://a', REDIS_SENTINEL_NAME: 'm', REDIS_URL: 'redis://ada:s3cret@b' },
      'REDIS_URL',
      'both',
    ],
    [{ REDIS_URL: 'redis://a', REDIS_SENTINEL_NAME: 'm' }, 'REDIS_SENTINELS', 'nothing'],
    [{ REDIS_SENTINEL_PASSWORD: 's3cret' }, 'REDIS_SENTINELS', 'nothing'],
  ])('refuse %j, naming variable and value, and no password', (env, variable, value) => {
    const message = refusal(env);
    expect(message).toContain(`Expected \`${variable}`);
    expect(message).toContain(value);
    for (const secret of SECRETS) expect(message).not.toContain(secret);
  });
});
