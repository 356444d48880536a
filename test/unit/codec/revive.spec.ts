import { startEngine, ManualLoader, type EngineUnderTest } from '../../support/engine.js';

class Bot {
  constructor(readonly name: string) {}
  greet(): string {
    return `I am ${this.name}`;
  }
}

describe('revive', () => {
  let engine: EngineUnderTest;
  let calls: unknown[];

  beforeEach(async () => {
    engine = await startEngine();
    calls = [];
  });

  afterEach(() => engine.runtime.close());

  const cacheOf = (fields: object = {}) =>
    engine.cache<Bot>({
      revive: (plain: { name: string }) => {
        calls.push(plain);
        if (plain.name === 'unknown') throw new Error('no such bot');
        return new Bot(plain.name);
      },
      ...fields,
    });

  it('makes a hit what a miss is', async () => {
    const cache = cacheOf();
    for (let read = 0; read < 3; read++) {
      const bot = await cache.getOrLoad(['1'], () => new Bot('Ada'));
      expect(bot).toBeInstanceOf(Bot);
      expect(bot.greet()).toBe('I am Ada');
    }
    expect((await cache.get('1'))?.greet()).toBe('I am Ada');
    expect((await cache.getMany([['1']]))[0]?.greet()).toBe('I am Ada');
    expect((await cache.refresh(['1'], () => new Bot('Grace'))).greet()).toBe('I am Grace');
    await cache.set(['1'], new Bot('Alan'));
    expect((await cache.get('1'))?.greet()).toBe('I am Alan');
    expect(await cache.touch(['1'], '1h')).toBe(true);
    expect((await cache.get('1'))?.greet()).toBe('I am Alan');
  });

  it('gets plain objects that nobody else has', async () => {
    const cache = cacheOf();
    const loader = new ManualLoader<Bot>();
    const callers = Array.from({ length: 5 }, () => cache.getOrLoad(['1'], loader.load));
    await loader.called(1);
    loader.calls[0]!.resolve(new Bot('Ada'));
    const bots = await Promise.all(callers);
    bots.push(await cache.getOrLoad(['1'], loader.load));
    expect(new Set(bots).size).toBe(6);
    for (const bot of bots) expect(bot.greet()).toBe('I am Ada');
    expect(new Set(calls).size).toBe(calls.length);
    for (const plain of calls) expect(Object.getPrototypeOf(plain)).toBe(Object.prototype);
  });

  it('makes one object for all where the cache is shared', async () => {
    const cache = cacheOf({ isolation: 'share' });
    await cache.set(['1'], new Bot('Ada'));
    expect(await cache.get('1')).toBe(await cache.get('1'));
    expect(await cache.get('1')).toBeInstanceOf(Bot);
  });

  it('is not asked about null and undefined', async () => {
    for (const nothing of [null, undefined]) {
      const cache = engine.cache<Bot | null | undefined>({
        revive: () => {
          throw new Error('it was asked');
        },
      });
      for (let read = 0; read < 2; read++) expect(await cache.getOrLoad(['1'], () => nothing)).toBe(nothing);
      expect(await cache.lookup('1')).toMatchObject({ hit: true, value: nothing });
    }
    expect(engine.problems).toEqual([]);
  });

  it('makes what a load gives that is not stored, too', async () => {
    const own = new Bot('Ada');
    const made = await cacheOf({ ttl: 0 }).getOrLoad(['1'], () => own);
    expect(made).not.toBe(own);
    expect(made.greet()).toBe('I am Ada');
  });

  it('makes one object of it for all who share', async () => {
    const cache = cacheOf({ ttl: 0, isolation: 'share' });
    const loader = new ManualLoader<Bot>();
    const callers = [1, 2].map(() => cache.getOrLoad(['1'], loader.load));
    await loader.called(1);
    loader.calls[0]!.resolve(new Bot('Ada'));
    const [first, second] = await Promise.all(callers);
    expect(first).toBe(second);
    expect(first!.greet()).toBe('I am Ada');
    expect(calls).toHaveLength(1);
  });

  it('is not asked about calls that pass the cache by', async () => {
    const own = new Bot('unknown');
    expect(await cacheOf().getOrLoad(['1'], () => own, { bypass: true })).toBe(own);
    expect(await cacheOf({ enabled: false }).getOrLoad(['1'], () => own)).toBe(own);
    expect(calls).toEqual([]);
  });

  it('that throws leaves a loaded value as it is, and unstored', async () => {
    const cache = cacheOf();
    const own = new Bot('unknown');
    expect(await cache.getOrLoad(['1'], () => own)).toBe(own);
    expect(engine.problems).toEqual([{ operation: 'store', error: new Error('no such bot') }]);
    expect(await cache.has('1')).toBe(false);
    expect((await cache.getOrLoad(['1'], () => new Bot('Ada'))).greet()).toBe('I am Ada');
  });

  it.each(['clone', 'share'] as const)(
    'that throws for what memory holds has it loaded anew: %s',
    async (isolation) => {
      let isOver = false;
      const cache = cacheOf({
        isolation,
        revive: (plain: { name: string }) => {
          if (isOver && plain.name === 'Ada') throw new Error('no such bot any more');
          return new Bot(plain.name);
        },
      });
      for (const id of ['1', '2', '3']) await cache.set([id], new Bot('Ada'));
      isOver = true;
      const load = () => new Bot('Grace');
      expect((await cache.getOrLoad(['1'], load)).greet()).toBe('I am Grace');
      expect((await cache.getOrLoadMany([['2']], () => [load()]))[0]!.greet()).toBe('I am Grace');
      expect(await cache.lookup('3')).toEqual({ hit: false });
      for (const id of ['1', '2']) expect((await cache.get(id))!.greet()).toBe('I am Grace');
    },
  );

  it('that throws makes a put reject, and evicts what was there', async () => {
    const cache = cacheOf();
    await cache.set(['1'], new Bot('Ada'));
    await expect(cache.set(['1'], new Bot('unknown'))).rejects.toThrow('no such bot');
    expect(await cache.get('1')).toBeUndefined();
  });

  it('comes before a ttl from the value, when an entry is touched', async () => {
    const names: string[] = [];
    const cache = cacheOf({
      ttl: (bot: Bot) => {
        names.push(bot.greet());
        return '1m';
      },
    });
    await cache.getOrLoad(['1'], () => new Bot('Ada'));
    expect(await cache.touch(['1'])).toBe(true);
    expect(names).toEqual(['I am Ada', 'I am Ada']);
  });

  it('that is no function is refused', () => {
    expect(() => engine.cache({ name: 'bots', revive: 'Bot' as never })).toThrow(
      /^Expected `revive` of cache `bots` to be a function, got 'Bot' \(string\)\./,
    );
  });
});

describe('compress and encrypt, as options,', () => {
  it.each([
    [{ compress: 'gzip' }, /`compress` of cache `bots` to be true, false or \{ threshold \}, got 'gzip'/],
    [{ compress: null }, /`compress` of cache `bots`/],
    [{ compress: { threshold: 0 } }, /`compress\.threshold` of cache `bots` to be an integer > 0, got 0/],
    [{ compress: { treshold: 5 } }, /`compress\.treshold` of cache `bots` .* Check the spelling/],
    [
      { encrypt: 'yes' },
      /`encrypt` of cache `bots` to be true or false, got 'yes' .* Leave it out for false/,
    ],
  ])('%j are refused', async (fields, message) => {
    const engine = await startEngine();
    expect(() => engine.cache({ name: 'bots', ...(fields as object) })).toThrow(
      expect.objectContaining({ code: 'CACHE_INVALID_OPTION', message: expect.stringMatching(message) }),
    );
    await engine.runtime.close();
  });

  it('have a default in the module', async () => {
    const engine = await startEngine({
      defaults: { compress: { threshold: 5000 }, encrypt: true },
    });
    const rulesOf = (fields: object) => {
      const { name } = engine.cache(fields);
      const { compress, encrypt } = engine.runtime.engine.policyOf(name)!;
      return { compress, encrypt };
    };
    expect(rulesOf({})).toEqual({ compress: { threshold: 5000 }, encrypt: true });
    expect(rulesOf({ compress: true })).toEqual({ compress: { threshold: 5000 }, encrypt: true });
    expect(rulesOf({ compress: { threshold: 1 } })).toEqual({ compress: { threshold: 1 }, encrypt: true });
    expect(rulesOf({ compress: false, encrypt: false })).toEqual({ compress: false, encrypt: false });
    await engine.runtime.close();
  });

  it('compress from 1024 bytes on', async () => {
    const engine = await startEngine();
    const { name } = engine.cache({ compress: true });
    expect(engine.runtime.engine.policyOf(name)).toMatchObject({
      compress: { threshold: 1024 },
      encrypt: false,
    });
    await engine.runtime.close();
  });
});
