import { Logger } from '@nestjs/common';
import { jest } from '@jest/globals';
import { CacheService } from '../../src/cache.service.js';
import { defineCache } from '../../src/definition/define-cache.js';
import { key, tag } from '../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../support/engine.js';

const bots = defineCache<[id: string], string>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '1m',
  tags: (id) => [tag`bot:${id}`],
});

describe('CacheService', () => {
  let engine: EngineUnderTest;
  let service: CacheService;

  beforeEach(async () => {
    engine = await startEngine();
    service = new CacheService(engine.runtime);
  });

  afterEach(() => engine.runtime.close());

  it.each([
    ['a text of its own', '%all', 'another text among them'],
    ['a text with a space', 'bot 1', 'another text among them'],
    ['a list', [tag`bot:${1}`], 'among them'],
    ['nothing', undefined, 'undefined'],
  ])('evicts no tags that no template made: %s', async (_, other, got) => {
    const cache = service.cache(bots);
    await cache.set(['1'], 'kept');
    await expect(service.evictTags(tag`bot:${1}`, other as never)).rejects.toMatchObject({
      code: 'CACHE_INVALID_KEY',
      message: expect.stringContaining(got),
    });
    expect(await cache.get('1')).toBe('kept');
    await service.evictTags(tag`bot:${1}`);
    expect(await cache.get('1')).toBeUndefined();
  });

  describe('switches', () => {
    const startWith = async (disabled: readonly string[]) => {
      await engine.runtime.close();
      engine = await startEngine({ disabled });
      service = new CacheService(engine.runtime);
    };
    const enabled = () => service.stats().caches['bots']!.enabled;

    afterEach(() => jest.restoreAllMocks());

    it.each(['bots', 'BOTS'])(
      'a cache that the options disable by the name of %s is so from the start',
      async (name) => {
        await startWith([name, 'another']);
        const cache = service.cache(bots);
        expect(enabled()).toBe(false);
        await cache.set(['1'], 'value');
        await service.enable('bots');
        expect(await cache.get('1')).toBeUndefined();
        await cache.set(['1'], 'value');
        expect(await cache.get('1')).toBe('value');
        await service.disable('bots');
        expect(await cache.get('1')).toBeUndefined();
      },
    );

    it('a name in the options that no cache has is told at start', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      await startWith(['bots', 'bost']);
      service.cache(bots);
      engine.runtime.warnOfUnusedOverrides();
      expect(warn.mock.calls).toEqual([['Cache BOST is to be disabled, but no cache has that name so far.']]);
    });

    it('each change is logged', async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
      service.cache(bots);
      await service.disable('bots');
      await service.enable('bots');
      expect(warn.mock.calls).toEqual([[expect.stringContaining('Cache bots is disabled')]]);
      expect(log.mock.calls).toEqual([[expect.stringContaining('Cache bots is enabled')]]);
    });

    it('no cache in use: the refusal says so', async () => {
      await expect(service.disable('bots')).rejects.toMatchObject({
        code: 'CACHE_INVALID_USE',
        message: expect.stringContaining('none so far, got `bots`'),
      });
    });
  });

  it('counts what it could not use', async () => {
    let fails = false;
    const cache = service.cache(
      defineCache<[id: string], string>({
        name: 'revived',
        key: (id) => key`revived:${id}`,
        ttl: '1m',
        revive: (plain: string) => {
          if (fails) throw new Error('not any more');
          return plain;
        },
      }),
    );
    await cache.set(['1'], 'value');
    fails = true;
    expect(await cache.get('1')).toBeUndefined();
    expect(service.stats().caches['revived']).toMatchObject({ misses: 1, invalid: 1 });
  });

  it('says what a transaction is made of when it gets something else', async () => {
    await expect(service.transaction(5 as never)).rejects.toMatchObject({
      code: 'CACHE_INVALID_USE',
      message: expect.stringContaining('Expected `transaction` to get a function that does the work, got'),
    });
  });
});
