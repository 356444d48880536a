import { readSettings } from '../src/config/settings.js';

describe('settings', () => {
  it('have a default for everything', () => {
    expect(readSettings({})).toMatchObject({
      port: 3000,
      dataDir: './.data/bots',
      databaseUrl: undefined,
      seedMessages: 500_000,
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
        REDIS_URL: 'redis://cache:6380',
        CACHE_NAMESPACE: 'prod:bots',
        CACHE_TTL_BOT_DETAILS: '60',
      }),
    ).toMatchObject({
      port: 8080,
      dataDir: '/data',
      databaseUrl: 'postgres://db/bots',
      seedMessages: 0,
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
