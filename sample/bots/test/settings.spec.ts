import { readFileSync } from 'node:fs';

import ms, { type StringValue } from 'ms';

import * as accessCaches from '../src/access/access.caches.js';
import * as botsCaches from '../src/bots/bots.caches.js';
import { readSettings } from '../src/config/settings.js';

describe('settings', () => {
  it('have a default for everything', () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      dataDir: './.data/bots',
      databaseUrl: undefined,
      seedMessages: 500_000,
      warmup: true,
      cache: { namespace: 'dev:bots' },
    });
    expect(readSettings({}).cache.redis).toBeUndefined();
  });

  it('take an empty variable for one that is not set, as `.env` files have them', () => {
    expect(readSettings({ PORT: '', DATABASE_URL: ' ', REDIS_URL: '', CACHE_TTL_BOT: '' })).toEqual(
      readSettings({}),
    );
  });

  it('are read from their variables', () => {
    expect(
      readSettings({
        PORT: '8080',
        DATA_DIR: '/data',
        DATABASE_URL: 'postgres://db/bots',
        SEED_MESSAGES: '0',
        WARMUP: 'off',
        REDIS_URL: 'redis://cache:6380',
        CACHE_NAMESPACE: 'prod:bots',
        CACHE_TTL_BOT_DETAILS: '60',
      }),
    ).toMatchObject({
      port: 8080,
      dataDir: '/data',
      databaseUrl: 'postgres://db/bots',
      seedMessages: 0,
      warmup: false,
      cache: {
        namespace: 'prod:bots',
        redis: { url: 'redis://cache:6380' },
        ttlOverrides: { BOT_DETAILS: 60_000 },
      },
    });
  });

  it.each([
    [{ PORT: '70000' }, /Expected `PORT` to be a TCP port, a whole number from 0 to 65535, got `70000`/],
    [{ PORT: '80a' }, /Expected `PORT` .* got `80a`/],
    [{ PORT: '-1' }, /Expected `PORT` .* got `-1`/],
    [{ SEED_MESSAGES: '1e6' }, /Expected `SEED_MESSAGES` .* got `1e6`/],
    [{ WARMUP: 'yes' }, /Expected `WARMUP` to be `on` or `off`, got `yes`/],
    [{ CACHE_TTL_BOT: '5m' }, /Expected `CACHE_TTL_BOT` .* seconds .* got '5m'/],
    [{ CACHE_NAMESPACE: 'a b' }, /Expected `CACHE_NAMESPACE` .*a b/],
    [{ REDIS_URL: 'localhost:6379' }, /Expected `REDIS_URL` .*redis:\/\//],
    [{ REDIS_DB: 'one', REDIS_URL: 'redis://cache' }, /Expected `REDIS_DB` .* got 'one'/],
  ])('%j is refused with variable, rule and value', (env, message) => {
    expect(() => readSettings(env)).toThrow(message);
  });

  it.each(['mysql://root:geheim@db/bots', 'root:geheim@db', 'postgres//x:geheim@db'])(
    'a malformed DATABASE_URL is refused without showing it: %s',
    (url) => {
      expect(() => readSettings({ DATABASE_URL: url })).toThrow(/Expected `DATABASE_URL` .*postgres:\/\//);
      expect(() => readSettings({ DATABASE_URL: url })).not.toThrow(/geheim/);
    },
  );

  it('never show the password of a malformed REDIS_URL', () => {
    expect(() => readSettings({ REDIS_URL: 'http://me:geheim@cache' })).toThrow(/REDIS_URL/);
    expect(() => readSettings({ REDIS_URL: 'http://me:geheim@cache' })).not.toThrow(/geheim/);
  });
});

describe('.env.example', () => {
  const file = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  // What stands behind that is not for the sample.
  const [text = ''] = file.split('# --- docker compose ---');
  const examples = Object.fromEntries(
    [...text.matchAll(/^#?([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  const isTtl = (name: string) => name.startsWith('CACHE_TTL_');

  it('lists every variable that the sample reads, and no other', () => {
    const read = new Set<string>();
    const ways: NodeJS.ProcessEnv[] = [
      { REDIS_URL: 'redis://cache' },
      { REDIS_SENTINELS: 'redis://sentinel', REDIS_SENTINEL_NAME: 'mymaster' },
      { REDIS_CLUSTER: 'redis://node' },
    ];
    for (const env of ways) {
      readSettings(
        new Proxy(env, {
          get: (variables, name) => {
            read.add(String(name));
            return variables[String(name)];
          },
        }),
      );
    }

    expect(
      Object.keys(examples)
        .filter((name) => !isTtl(name))
        .sort(),
    ).toEqual([...read].sort());
  });

  it('lists the lifetime of every cache, with its default', () => {
    const caches = Object.values({ ...botsCaches, ...accessCaches }).filter((it) => typeof it === 'object');

    // Of the ways to Redis one.
    const {
      REDIS_CLUSTER: _cluster,
      REDIS_SENTINELS: _sentinels,
      REDIS_SENTINEL_NAME: _name,
      ...others
    } = examples;
    expect(readSettings(others).cache.ttlOverrides).toEqual(
      Object.fromEntries(
        caches.map(({ name, policy }) => [
          name.toUpperCase().replaceAll('-', '_'),
          ms(String(policy.ttl) as StringValue),
        ]),
      ),
    );
  });

  it('gives the defaults of what has one as examples', () => {
    const withoutDefault = /^(?:REDIS_(?:URL|DB|CLUSTER|SENTINELS|SENTINEL_NAME)|DATABASE_URL)$/;
    const others = Object.fromEntries(
      Object.entries(examples).filter(([name]) => !withoutDefault.test(name)),
    );
    const { cache, ...settings } = readSettings(others);
    const { cache: defaultCache, ...defaults } = readSettings({});

    expect(settings).toEqual(defaults);
    expect(cache.namespace).toEqual(defaultCache.namespace);
  });
});
