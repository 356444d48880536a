import { PassThrough, Readable } from 'node:stream';
import { Cacheable, key } from 'nestjs-roost';
import { inMemoryAndOnRedis, useAppsIn } from './support/places.js';

class Search {
  constructor(
    readonly text: string,
    readonly range?: { readonly from: Date; readonly to?: Date | undefined },
  ) {}
}

class Bots {
  calls = 0;

  @Cacheable({ ttl: '1m' })
  async find(..._anything: readonly unknown[]): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

inMemoryAndOnRedis((place) => {
  const start = useAppsIn(place);

  describe('a method without a key of its own', () => {
    it.each<[string, () => readonly unknown[], () => readonly unknown[]]>([
      ['texts, numbers, nothing', () => ['a', 1, null, undefined], () => ['a', 1, null, undefined]],
      ['0 and -0', () => [0, [0]], () => [-0, [-0]]],
      ['bigints', () => [10n ** 30n], () => [10n ** 30n]],
      ['Dates', () => [new Date(1)], () => [new Date(1)]],
      [
        'instances of a class, nested objects among them',
        () => [new Search('a', { from: new Date(0), to: new Date(1) })],
        () => [new Search('a', { to: new Date(1), from: new Date(0) })],
      ],
      [
        'objects with their fields in another order',
        () => [{ page: 1, filter: { owner: 'ann', tags: ['x'] } }],
        () => [{ filter: { tags: ['x'], owner: 'ann' }, page: 1 }],
      ],
      [
        'Maps and Sets in another order',
        () => [
          new Map<unknown, unknown>([
            ['a', new Set([1, { b: 2 }])],
            [1n, 'c'],
          ]),
        ],
        () => [
          new Map<unknown, unknown>([
            [1n, 'c'],
            ['a', new Set([{ b: 2 }, 1])],
          ]),
        ],
      ],
      [
        'URLs and bytes',
        () => [new URL('http://a/b'), Buffer.from('a')],
        () => [new URL('HTTP://a:80/b'), Buffer.from([97])],
      ],
    ])('is called once for arguments of equal content: %s', async (_what, some, equal) => {
      const bots = (await start({ providers: [Bots] })).get(Bots);

      expect(await bots.find(...some())).toBe(1);
      expect(await bots.find(...equal())).toBe(1);
      expect(bots.calls).toBe(1);
    });

    it('is called once for each list of arguments that differ, if in type or number alone', async () => {
      const bots = (await start({ providers: [Bots] })).get(Bots);
      const lists = [
        [],
        [undefined],
        [undefined, undefined],
        [null],
        ['null'],
        [''],
        [1],
        ['1'],
        [1n],
        [[1]],
        [true],
        ['true'],
        ['a', 'b'],
        ['a,b'],
        [['a', 'b']],
        [new Date(0)],
        [new Date(0).toISOString()],
        [{}],
        [{ text: 'a' }],
        [{ text: 'a', range: undefined }],
        [new Search('a')],
        [new Map([['text', 'a']])],
        [new Set(['text', 'a'])],
        ['x'.repeat(1000)],
        ['x'.repeat(1001)],
      ];

      const results: number[] = [];
      for (const list of lists) results.push(await bots.find(...list));

      expect(results).toEqual(lists.map((_list, index) => index + 1));
      for (const [index, list] of lists.entries()) expect(await bots.find(...list)).toBe(index + 1);
    });

    it('has its entries under class, method and arguments', async () => {
      const app = await start({ providers: [Bots] });

      await app.get(Bots).find('acme', 1);

      expect((await app.service.inspect(key`Bots.find:acme,1`)).tiers.l1).toBeDefined();
    });

    const circular: { self?: unknown } = {};
    circular.self = circular;

    it.each<[string, unknown, string]>([
      ['a function', () => 1, ' to be data that can be compared by its content, got a function.'],
      ['a symbol', Symbol('a'), ' to be data that can be compared by its content, got a symbol.'],
      ['a stream', Readable.from(['a']), ' to be data that can be compared by its content, got a stream'],
      ['a stream, deep inside', { files: [{ body: new PassThrough() }] }, ' (files[0].body) to be data'],
      [
        'a circular structure',
        circular,
        ' (self) to be data that can be compared by its content, got a circular',
      ],
      ['a promise', Promise.resolve(1), ' to be data that can be compared by its content, got a promise'],
    ])('rejects %s, names the argument, and is not called', async (_what, argument, found) => {
      const bots = (await start({ providers: [Bots] })).get(Bots);

      await expect(bots.find('acme', argument)).rejects.toMatchObject({
        name: 'CacheError',
        code: 'CACHE_INVALID_KEY',
        message: expect.stringContaining(`Expected argument 2 of cache \`Bots.find\`${found}`),
      });
      expect(bots.calls).toBe(0);
    });
  });
});
