import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { startEngine } from '../support/engine.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

/** The directives of a configuration file, as command line arguments. */
async function argumentsOf(file: string): Promise<string[]> {
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [directive = '', ...values] = line.split(' ');
      return [`--${directive}`, ...values.map((value) => value.replace(/^"(.*)"$/, '$1'))];
    });
}

describe('the Redis configuration of docker-compose.yml', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer({
      password: 's3cret',
      args: await argumentsOf('../../docker/redis/redis.conf'),
    });
  });

  afterAll(() => server.stop());

  it('bounds memory, evicts the least recently used, and keeps an append-only file', async () => {
    const client = new Redis(server.url);
    expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(256 * 1024 * 1024)]);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru']);
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    await client.quit();
  });

  it('serves the caches with the password, which may be given apart from the URL', async () => {
    const { port } = server;
    const engine = await startEngine({ redis: { url: `redis://127.0.0.1:${port}`, password: 's3cret' } });
    const cache = engine.cache<string>({ l1: false });
    await cache.getOrLoad(['1'], () => 'value');
    expect(await cache.lookup('1')).toMatchObject({ hit: true, tier: 'l2', value: 'value' });
    await engine.runtime.close();
  });

  it.each([
    ['passes with the password', 's3cret', 0],
    ['fails with a wrong password', 'wrong', 1],
    ['fails without a password', '', 1],
  ])('the healthcheck %s', async (_, password, status) => {
    const compose = await readFile(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
    const [, check = ''] = /'CMD-SHELL', '(redis-cli [^']+)'/.exec(compose) ?? [];
    const here = check.replace('redis-cli', `redis-cli -p ${server.port}`);

    const { PATH } = process.env;
    expect(spawnSync('sh', ['-c', here], { env: { PATH, REDISCLI_AUTH: password } }).status).toBe(status);
  });
});
