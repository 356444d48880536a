import type { CacheModuleOptions } from '../../../src/cache.options.js';
import { resolveOptions } from '../../../src/cache.options.resolved.js';
import { CacheError } from '../../../src/errors.js';

type RedisOption = NonNullable<CacheModuleOptions['redis']>;

const NODES = ['redis://a:7000', 'redis://b:7001'];

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

describe('the options of a cluster', () => {
  it('need nothing but one node', () => {
    expect(resolve({ cluster: ['redis://a'] })).toMatchObject({
      nodes: [{ host: 'a', port: 6379, database: 0, tls: false }],
    });
  });

  it('take user and password from the URLs, or from beside them', () => {
    const nodes = ['rediss://me:p%40ss@a:7000', 'rediss://me:p%40ss@b:7001/0'];
    expect(resolve({ cluster: nodes })).toMatchObject({
      nodes: [
        { host: 'a', port: 7000, tls: true },
        { host: 'b', port: 7001, tls: true },
      ],
      options: { username: 'me', password: 'p@ss', tls: {} },
    });
    const tls = { servername: 'redis.internal' };
    expect(resolve({ cluster: nodes, username: 'you', password: 'else', tls })).toMatchObject({
      options: { username: 'you', password: 'else', tls },
    });
  });

  it.each([
    [{ cluster: [] }, 'redis.cluster', 'an empty one'],
    [{ cluster: 'redis://a:7000' }, 'redis.cluster', 'a value of type string'],
    [{ cluster: ['a:7000'] }, 'redis.cluster[0]', 'another text'],
    [{ cluster: [...NODES, ''] }, 'redis.cluster[2]', 'a URL such as redis://'],
    [{ cluster: [NODES[0], undefined] }, 'redis.cluster[1]', 'a value of type undefined'],
    [{ cluster: ['redis://a:7000/1'] }, 'redis.cluster[0]', '/1'],
    [{ cluster: ['redis://a:7000', 'rediss://b:7001'] }, 'redis.cluster[1]', 'another scheme'],
    [{ cluster: ['redis://ada:s3cret@a', 'redis://bob:s3cret@b'] }, 'redis.cluster[1]', 'another username'],
    [{ cluster: ['redis://ada:s3cret@a', 'redis://ada:0ther@b'] }, 'redis.cluster[1]', 'another password'],
    [{ cluster: NODES, url: 'redis://ada:s3cret@a' }, 'redis.url', 'both'],
    [{ cluster: NODES, database: 1 }, 'redis.database', '1'],
    [{ cluster: NODES, deadline: 0 }, 'redis.deadline', '0'],
    [{ cluster: NODES, tls: {} }, 'redis.cluster[0]', 'redis://'],
  ])('refuse %j, naming option and value, and no password', (redis, option, value) => {
    const message = messageOf(redis);
    expect(message).toMatch(/^Expected `.+` to be .+, got .+\. .+\.$/);
    expect(message).toContain(`Expected \`${option}\` to be`);
    expect(message).toContain(value);
    for (const secret of ['s3cret', '0ther', 'ada', 'bob']) expect(message).not.toContain(secret);
  });

  it('refuse what no option has for a name', () => {
    expect(messageOf({ cluster: NODES, nodes: [] })).toContain('got `redis.nodes`. Check the spelling.');
  });

  it('are either those of one server or those of a cluster, for the compiler too', () => {
    const options: RedisOption[] = [
      { url: 'redis://a', database: 1 },
      { cluster: NODES, password: 'x' },
      // @ts-expect-error a cluster has database 0 only
      { cluster: NODES, database: 1 },
      // @ts-expect-error one server or a cluster
      { cluster: NODES, url: 'redis://a' },
      // @ts-expect-error neither
      { password: 'x' },
      // @ts-expect-error one node is a list, too
      { cluster: 'redis://a' },
    ];
    expect(options).toHaveLength(6);
  });
});
