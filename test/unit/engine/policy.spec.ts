import { defineCache } from '../../../src/definition/define-cache.js';
import { key } from '../../../src/definition/template.js';
import { resolvePolicy } from '../../../src/engine/policy.js';

describe('a definition', () => {
  const define = (fields: object) =>
    defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m', ...fields } as never);
  const resolve = (fields: object, override?: number) => resolvePolicy(define(fields), {}, override);

  it('has a default for everything but name, key and ttl', () => {
    expect(resolve({})).toEqual({
      ttl: 300_000,
      jitter: 0.1,
      nullTtl: undefined,
      staleWhileRevalidate: 0,
      staleIfError: 0,
      refreshAhead: false,
      softTimeout: undefined,
      hardTimeout: undefined,
      l1: { ttl: 30_000 },
      l2: true,
      isolation: 'clone',
      compress: false,
      encrypt: false,
      version: '',
      enabled: true,
    });
  });

  it('goes before the defaults of the module, and an override of the ttl before both', () => {
    const policy = resolvePolicy(
      define({ jitter: 0.5, isolation: undefined }),
      { jitter: 0, isolation: 'share', l1: { ttl: '5s' } },
      1_000,
    );
    expect(policy).toMatchObject({ ttl: 1_000, jitter: 0.5, isolation: 'share', l1: { ttl: 5_000 } });
  });

  it.each([
    [{ ttl: '5 minutes' }, 'ttl'],
    [{ ttl: undefined }, 'ttl'],
    [{ ttl: -1 }, 'ttl'],
    [{ jitter: 2 }, 'jitter'],
    [{ nullTtl: 'forever' }, 'nullTtl'],
    [{ staleWhileRevalidate: NaN }, 'staleWhileRevalidate'],
    [{ refreshAhead: 1.5 }, 'refreshAhead'],
    [{ refreshAhead: true }, 'refreshAhead'],
    [{ softTimeout: 'soon' }, 'softTimeout'],
    [{ hardTimeout: -1 }, 'hardTimeout'],
    [{ hardTimeout: 0 }, 'hardTimeout'],
    [{ tags: ['bot:1'] }, 'tags'],
    [{ tagsOf: 'bot:1' }, 'tagsOf'],
    [{ l1: { ttl: 'x' } }, 'l1.ttl'],
    [{ l1: { maxEntries: -1 } }, 'l1.maxEntries'],
    [{ l1: { maxEntires: 5 } }, 'l1.maxEntires'],
    [{ l1: false, l2: false }, 'l1'],
    [{ isolation: 'copy' }, 'isolation'],
    [{ enabled: 'no' }, 'enabled'],
    [{ staleTtl: 5 }, 'staleTtl'],
  ])('%j is refused, naming option and cache', (fields, option) => {
    expect(() => resolve(fields)).toThrow(
      expect.objectContaining({
        code: 'CACHE_INVALID_OPTION',
        message: expect.stringMatching(
          new RegExp(`^Expected \`${option}\` of cache \`bots\` to be .*, got `),
        ),
      }),
    );
  });

  it.each([[''], ['bot details'], ['-bots'], ['bots-'], ['bot:details'], ['x'.repeat(101)], [undefined]])(
    'named %j is refused',
    (name) => {
      expect(() => define({ name })).toThrow(expect.objectContaining({ code: 'CACHE_INVALID_OPTION' }));
    },
  );

  it('without a key function is refused', () => {
    expect(() => define({ key: 'bot:1' })).toThrow(/`key` of cache `bots` to be a function/);
  });
});
