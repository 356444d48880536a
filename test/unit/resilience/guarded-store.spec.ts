import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { pattern, type CachePattern } from '../../../src/definition/template.js';
import type { Invalidation } from '../../../src/engine/bus.js';
import type { Entry } from '../../../src/engine/entry.js';
import { Gate, type Reachable } from '../../../src/resilience/gate.js';
import { GuardedStore, type RemoteStore } from '../../../src/resilience/guarded-store.js';
import type { Acquired, Found, LeaseWish, Loaded, Unfinished } from '../../../src/stores/store.js';

const DEADLINE_MS = 100;
const STRICT = { strict: true };
const entry = { tags: ['t'] } as unknown as Entry;

/** A store that notes what it is asked, and does it when and as the test says. */
class FakeStore implements RemoteStore, Reachable {
  readonly tier = 'l2';
  mostReads = () => 100;
  readonly mostLoads = 50;
  ready = true;
  servers = ['run-1'];
  acquired: Acquired = { kind: 'granted' };
  readonly log: string[] = [];
  before: (operation: string) => Promise<void> = () => Promise.resolve();

  doubt(): void {}
  probe: () => Promise<void> = async () => undefined;
  identity = () => this.do('identity', this.servers);
  read = (key: string) => this.do<Found>(`read ${key}`, { entry, seen: 'id' });
  /** Keys for which something is left to do when those asked for together are answered. */
  unfinished = '';
  readMany = (keys: readonly string[]) =>
    this.do(
      `read ${keys.join()}`,
      keys.map((key) => this.restOf<Found>(key, { entry, seen: 'id' })),
    );
  acquire = (key: string) => this.do(`acquire ${key}`, this.acquired);
  acquireMany = (wishes: readonly LeaseWish[]) =>
    this.do(
      `acquire ${wishes.map(({ key }) => key).join()}`,
      wishes.map(({ key }) => this.restOf(key, this.acquired)),
    );
  tokensAtHand: (tags: readonly string[]) => readonly string[] | undefined = () => undefined;
  extend = (key: string) => this.do(`extend ${key}`, false);
  tokens = (tags: readonly string[]) => this.do(`tokens ${tags.join()}`, ['token']);
  store = (key: string) => this.do(`store ${key}`, true);
  storeMany = (loaded: readonly Loaded[]) =>
    this.do(
      `store ${loaded.map(({ key }) => key).join()}`,
      loaded.map(({ key }) => this.restOf(key, true)),
    );
  replace = (key: string) => this.do(`replace ${key}`, true);
  release = (key: string) => this.do(`release ${key}`, undefined);
  discard = (key: string) => this.do(`discard ${key}`, undefined);
  seize = (key: string) => this.do(`seize ${key}`, true);
  claim = (key: string) => this.do(`claim ${key}`, true);
  evict = (keys: readonly string[]) => this.do(`evict ${keys.join()}`, undefined);
  evictTags = (tags: readonly string[]) => this.do(`evict tags ${tags.join()}`, undefined);
  evictMatching = ({ text }: CachePattern) => this.do(`evict matching ${text}`, 3);
  publish = ({ keys = [], tags = [], patterns = [] }: Invalidation) =>
    this.do(`publish ${[...keys, ...tags, ...patterns].join()}`, undefined);

  /** What has been asked since this was last looked at. */
  get asked(): string[] {
    return this.log.splice(0);
  }

  private restOf<T>(key: string, result: T): Unfinished<T> {
    return this.unfinished.includes(key) ? () => this.do(`rest ${key}`, result) : result;
  }

  private async do<T>(operation: string, result: T): Promise<T> {
    this.log.push(operation);
    await this.before(operation);
    return result;
  }
}

describe('the store behind the gate', () => {
  let inner: FakeStore;
  let guard: GuardedStore;
  let problems: string[];

  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    inner = new FakeStore();
    problems = [];
    guard = guardOf(inner);
    await guard.connected();
    inner.log.length = 0;
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const guardOf = (store: FakeStore) =>
    new GuardedStore({
      inner: store,
      bus: store,
      gate: new Gate({ connection: store, deadline: DEADLINE_MS, onBreaker: () => undefined }),
      onProblem: (operation) => problems.push(operation),
      onReplayed: () => undefined,
    });
  const failAll = () => {
    inner.before = () => Promise.reject(new Error('gone'));
  };
  const fail = (failing: string) => {
    inner.before = (operation) =>
      operation.startsWith(failing) ? Promise.reject(new Error('gone')) : Promise.resolve();
  };
  const mend = () => {
    inner.before = () => Promise.resolve();
  };
  const pass = async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  };
  const unavailable = { seen: '', unavailable: true };

  const asks: [string, () => Promise<unknown>, whenThere: unknown, whenNot: unknown][] = [
    ['a read', () => guard.read('a', []), { entry, seen: 'id' }, unavailable],
    ['reads of many', () => guard.readMany(['a'], [[]]), [{ entry, seen: 'id' }], [unavailable]],
    ['taking a lease', () => guard.acquire('a', 'l', 1, ''), { kind: 'granted' }, { kind: 'unavailable' }],
    ['extending a lease', () => guard.extend('a', 'l', 1), false, true],
    ['tokens', async () => guard.tokens(['t'], 1), ['token'], undefined],
    ['storing', () => guard.store('a', 'l', entry), true, false],
    ['replacing', () => guard.replace('a', 'id', entry), true, false],
  ];

  it.each(asks)('%s is done without, when it fails or can’t be tried', async (_, ask, whenThere, whenNot) => {
    expect(await ask()).toEqual(whenThere);
    failAll();
    expect(await ask()).toEqual(whenNot);
    mend();
    inner.ready = false;
    inner.log.length = 0;
    expect(await ask()).toEqual(whenNot);
    expect(inner.asked).toEqual([]);
    expect(guard.queued).toBe(0);
  });

  const changes: [string, (how?: typeof STRICT) => Promise<unknown>, isStrictable: boolean][] = [
    ['an eviction of keys', (how) => guard.evict(['a'], how), true],
    ['one of tags', (how) => guard.evictTags(['t'], how), true],
    ['one of a pattern', (how) => guard.evictMatching(pattern`a*`, how), true],
    ['a message', (how) => guard.announce({ keys: ['a'] }, how), true],
    ['a put', () => guard.seize('a', 'l', 1), false],
    ['removing what is no entry', () => guard.discard('a', 'id'), false],
  ];

  it.each(changes)('%s waits, when it fails, and what it names is not read', async (_, change) => {
    failAll();
    await change();
    expect(guard.queued).toBe(1);
    mend();
    fail('evict');
    expect(await guard.read('a', ['t'])).toEqual(unavailable);
  });

  it.each(changes)('%s waits, when it can’t be tried', async (_, change) => {
    inner.ready = false;
    await change();
    expect(guard.queued).toBe(1);
    expect(inner.asked).toEqual([]);
    expect(problems).toEqual([]);
  });

  it.each(changes.filter(([, , isStrictable]) => isStrictable))(
    '%s that is strict rejects, and waits nowhere',
    async (_, change) => {
      failAll();
      await expect(change(STRICT)).rejects.toThrow('gone');
      inner.ready = false;
      await expect(change(STRICT)).rejects.toMatchObject({ code: 'CACHE_REDIS_UNAVAILABLE' });
      expect(guard.queued).toBe(0);
    },
  );

  it('tells that a put has failed', async () => {
    expect(await guard.seize('a', 'l', 1)).toBe(true);
    failAll();
    expect(await guard.seize('a', 'l', 1)).toBe(false);
    expect(problems).toEqual(['seize']);
  });

  it('carries out what waits before anything is read', async () => {
    fail('evict');
    await guard.evict(['a']);
    mend();
    inner.log.length = 0;
    await guard.read('b', []);
    expect(inner.asked).toEqual(['evict a', 'publish a', 'read b']);
    expect(guard.queued).toBe(0);
  });

  it('has a read wait for that for a deadline, and then go without', async () => {
    fail('evict');
    await guard.evict(['a']);
    inner.before = (operation) =>
      operation === 'evict a' ? new Promise(() => undefined) : Promise.resolve();
    inner.log.length = 0;
    const read = guard.read('b', []);
    await pass(DEADLINE_MS - 1);
    expect(inner.asked).toEqual(['evict a']);
    await pass(1);
    expect(await read).toEqual(unavailable);
    expect(inner.asked).toEqual([]);
  });

  it('reads what is not queued, once it has been tried in vain', async () => {
    fail('evict');
    await guard.evict(['a']);
    await guard.evictTags(['u']);
    await guard.evictMatching(pattern`bot:*`);
    expect(await guard.read('b', [])).toMatchObject({ entry });
    expect(await guard.readMany(['a', 'b', 'bot:1'], [[], [], []])).toEqual([
      unavailable,
      { entry, seen: 'id' },
      unavailable,
    ]);
    inner.acquired = { kind: 'filled', found: { entry, seen: 'id' } };
    expect(await guard.acquire('a', 'l', 1, '')).toEqual({ kind: 'unavailable' });
    expect(await guard.acquire('b', 'l', 1, '')).toMatchObject({ kind: 'filled' });
    await guard.evictTags(['t']);
    expect(await guard.read('b', [])).toEqual(unavailable);
  });

  it('tells the others what has been evicted, whatever of it waits from before', async () => {
    fail('evict');
    await guard.evict(['a']);
    mend();
    inner.log.length = 0;
    await guard.announce({ keys: ['a'] });
    expect(inner.asked).toContain('publish a');
  });

  it('gives a lease back that may have been granted though no answer came', async () => {
    fail('acquire');
    expect(await guard.acquire('a', 'l', 1, '')).toEqual({ kind: 'unavailable' });
    await pass(0);
    expect(inner.asked).toEqual(['acquire a', 'release a']);
  });

  it.each([
    ['acquiring', () => guard.acquire('a', 'l', 1_000, '')],
    ['claiming', () => guard.claim('a', 'l', 1_000)],
    ['seizing', () => guard.seize('a', 'l', 1_000)],
  ])('gives it back right behind, and again when Redis is awake, if %s it was late', async (_, ask) => {
    let wake!: () => void;
    inner.probe = () => new Promise<void>((resolve) => (wake = resolve));
    inner.before = () => new Promise(() => undefined);
    const asked = ask();
    await pass(DEADLINE_MS);
    await asked;
    expect(inner.asked).toEqual([expect.stringMatching(/^(?:acquire|claim|seize) a$/), 'release a']);
    mend();
    wake();
    await pass(0);
    await guard.catchUp();
    expect(inner.asked[0]).toBe('release a');
  });

  it('has no lease to give back that it has not asked for', async () => {
    inner.ready = false;
    await guard.acquire('a', 'l', 1_000, '');
    await guard.claim('a', 'l', 1_000);
    await guard.seize('a', 'l', 1_000);
    inner.ready = true;
    await guard.catchUp();
    expect(inner.asked).toEqual(['evict a', 'publish a']);
  });

  it('gives a lease back later that could not be given back', async () => {
    inner.ready = false;
    await guard.release('a', 'l');
    inner.ready = true;
    await guard.read('b', []);
    expect(inner.asked).toEqual(['release a', 'read b']);
  });

  it('doubts the holder of a lease while its lease may be one that could not be given back', async () => {
    inner.acquired = { kind: 'held', forMs: 1_000 };
    expect(await guard.acquire('a', 'l', 3_000, '')).toEqual({ kind: 'held', forMs: 1_000 });
    await guard.connected();
    expect(await guard.acquire('a', 'l', 3_000, '')).toMatchObject({ isDoubtful: true });
    await pass(3_000);
    expect(await guard.acquire('a', 'l', 3_000, '')).toEqual({ kind: 'held', forMs: 1_000 });
  });

  it('doubts no holder because of a moment of silence, but does when that lasts', async () => {
    let wake!: () => void;
    inner.probe = () => new Promise((resolve) => (wake = resolve));
    inner.acquired = { kind: 'held', forMs: 1_000 };
    /** A read is late; another one comes before Redis is awake, which it is after so many milliseconds. */
    const silentFor = async (ms: number) => {
      inner.before = () => new Promise(() => undefined);
      const late = guard.read('a', []);
      await pass(ms);
      await late;
      expect(await guard.read('a', [])).toEqual(unavailable);
      mend();
      wake();
      await pass(0);
      wake();
      await pass(0);
      return guard.acquire('a', 'l', 3_000, '');
    };
    expect(await silentFor(DEADLINE_MS)).toEqual({ kind: 'held', forMs: 1_000 });
    expect(await silentFor(2 * DEADLINE_MS)).toMatchObject({ isDoubtful: true });
  });

  it('evicts again on another server what was evicted lately, strictly or not', async () => {
    await guard.evict(['a']);
    inner.ready = false;
    await expect(guard.evict(['b'], STRICT)).rejects.toThrow('Redis is not asked');
    inner.ready = true;
    inner.servers = ['run-2'];
    inner.log.length = 0;
    await guard.connected();
    expect(inner.asked).toEqual(['identity', 'evict a,b', 'publish a,b']);
  });

  describe('with loads at the same time', () => {
    const acquireAll = (keys: string) => keys.split('').map((key) => guard.acquire(key, `l${key}`, 1, ''));

    it('takes the leases together, and stores together', async () => {
      await Promise.all(acquireAll('abc'));
      expect(inner.asked).toEqual(['acquire a', 'acquire b,c']);
      const stored = ['a', 'b', 'c'].map((key) => guard.store(key, `l${key}`, entry));
      expect(await Promise.all(stored)).toEqual([true, true, true]);
      expect(inner.asked).toEqual(['store a', 'store b,c']);
    });

    it('does not block Redis for long', async () => {
      const leases = Array.from({ length: 121 }, (_, i) => guard.acquire(`${i}`, 'l', 1, ''));
      await Promise.all(leases);
      expect(inner.asked.map((asked) => asked.split(',').length)).toEqual([1, 50, 50, 20]);
    });

    it('gives all leases back that may have been granted though no answer came', async () => {
      fail('acquire');
      const unanswered = await Promise.all(acquireAll('abc'));
      expect(unanswered).toEqual(['a', 'b', 'c'].map(() => ({ kind: 'unavailable' })));
      await pass(0);
      expect(inner.asked.filter((asked) => asked.startsWith('release')).toSorted()).toEqual([
        'release a',
        'release b',
        'release c',
      ]);
    });

    it('asks nobody for tokens that it knows, unless there is something to carry out first', async () => {
      inner.tokensAtHand = () => ['known'];
      expect(await guard.tokens(['t'], 1)).toEqual(['known']);
      expect(inner.asked).toEqual([]);
      expect(await guard.tokens(['t'], 1, 'exact')).toEqual(['token']);
      inner.ready = false;
      expect(await guard.tokens(['t'], 1)).toBeUndefined();
      await guard.evict(['b']);
      inner.ready = true;
      inner.log.length = 0;
      expect(await guard.tokens(['t'], 1)).toEqual(['token']);
      expect(inner.asked).toEqual(['evict b', 'publish b', 'tokens t']);
    });
  });

  describe('with something left to do for one of those that are asked for together', () => {
    const hangAtRest = (isRest = true) => {
      inner.unfinished = 'b';
      inner.before = (operation) =>
        operation.startsWith('rest') === isRest ? new Promise(() => undefined) : Promise.resolve();
    };
    const ways: [string, (key: string) => Promise<unknown>, there: unknown, notThere: unknown][] = [
      ['a read', (key) => guard.read(key, []), { entry, seen: 'id' }, unavailable],
      [
        'taking a lease',
        (key) => guard.acquire(key, 'l', 1, ''),
        { kind: 'granted' },
        { kind: 'unavailable' },
      ],
      ['storing', (key) => guard.store(key, 'l', entry), true, false],
    ];

    it.each(ways)('%s goes on by itself', async (_, ask, there) => {
      inner.unfinished = 'b';
      expect(await Promise.all(['a', 'b', 'c'].map(ask))).toEqual([there, there, there]);
      expect(inner.asked.at(-1)).toBe('rest b');
    });

    it.each(ways)('%s holds up no others, and fails alone', async (_, ask, there, notThere) => {
      hangAtRest();
      const [a, b, c] = ['a', 'b', 'c'].map(ask);
      expect(await Promise.all([a, c])).toEqual([there, there]);
      await pass(DEADLINE_MS);
      expect(await b).toEqual(notThere);
      fail('rest');
      expect(await Promise.all(['a', 'b', 'c'].map(ask))).toEqual([there, notThere, there]);
      expect(problems).toHaveLength(2);
    });

    it('a read takes one deadline in all', async () => {
      inner.unfinished = 'b';
      inner.before = (operation) =>
        new Promise((resolve) => {
          if (operation !== 'rest b') setTimeout(resolve, 60);
        });
      const reads = ['a', 'b', 'c'].map((key) => guard.read(key, []));
      let answered = 0;
      for (const read of reads) void read.then(() => (answered += 1));
      await pass(60);
      expect(answered).toBe(2);
      await pass(39);
      expect(answered).toBe(2);
      await pass(1);
      expect(await reads[1]).toEqual(unavailable);
    });

    it('one call that reads many has what can be had', async () => {
      hangAtRest();
      const many = guard.readMany(['a', 'b', 'c'], [[], [], []]);
      await pass(DEADLINE_MS);
      const there = { entry, seen: 'id' };
      expect(await many).toEqual([there, unavailable, there]);
    });

    it('what is evicted meanwhile is not believed', async () => {
      inner.unfinished = 'b';
      let go!: () => void;
      inner.before = (operation) =>
        operation.startsWith('rest') ? new Promise((resolve) => (go = resolve)) : Promise.resolve();
      const many = guard.readMany(['a', 'b'], [[], []]);
      await pass(0);
      expect(inner.asked).toEqual(['read a,b', 'rest b']);
      fail('evict');
      await guard.evict(['b']);
      go();
      expect(await many).toEqual([{ entry, seen: 'id' }, unavailable]);
    });
  });

  describe('with reads at the same time', () => {
    const hang = () => {
      inner.before = () => new Promise(() => undefined);
    };
    const readAll = (keys: string) => keys.split('').map((key) => guard.read(key, []));

    it('asks for the first one at once, and for the others together', async () => {
      const all = readAll('abc');
      expect(inner.asked).toEqual(['read a']);
      expect(await Promise.all(all)).toEqual(['a', 'b', 'c'].map(() => ({ entry, seen: 'id' })));
      expect(inner.asked).toEqual(['read b,c']);
    });

    it('asks for each alone where one that fails would fail the others', async () => {
      inner.mostReads = () => 1;
      guard = guardOf(inner);
      await guard.connected();
      inner.log.length = 0;
      await Promise.all(readAll('abc'));
      expect(inner.asked).toEqual(['read a', 'read b', 'read c']);
    });

    it('judges each by what waits', async () => {
      fail('evict');
      await guard.evict(['b']);
      const [a, b, c] = await Promise.all(readAll('abc'));
      expect([a, c]).toEqual([
        { entry, seen: 'id' },
        { entry, seen: 'id' },
      ]);
      expect(b).toEqual(unavailable);
    });

    it('answers all that fail together, and tells of it once', async () => {
      fail('read b');
      const [first, ...others] = await Promise.all(readAll('abc'));
      expect(first).toEqual({ entry, seen: 'id' });
      expect(others).toEqual([unavailable, unavailable]);
      expect(problems).toEqual(['read']);
    });

    it('answers all within a deadline, though there are more than may be asked for at a time', async () => {
      hang();
      const reads = Array.from({ length: 1_000 }, (_, i) => guard.read(`${i}`, []));
      const many = guard.readMany(['a', 'b'], [[], []]);
      let answered = 0;
      for (const read of reads) void read.then(() => (answered += 1));
      await pass(DEADLINE_MS - 1);
      // One, and four times a hundred: five hundred are the most.
      expect(inner.asked).toHaveLength(5);
      expect(answered).toBe(0);
      await pass(1);
      expect(answered).toBe(1_000);
      expect(await Promise.all(reads)).toEqual(reads.map(() => unavailable));
      expect(await many).toEqual([unavailable, unavailable]);
    });

    it('gives what waited for an eviction to be made good the rest of its deadline', async () => {
      fail('evict');
      await guard.evict(['a']);
      inner.before = (operation) =>
        new Promise((resolve) => {
          if (!operation.startsWith('read')) setTimeout(resolve, operation === 'evict a' ? 60 : 0);
        });
      inner.log.length = 0;
      const read = guard.read('b', []);
      const many = guard.readMany(['c', 'd'], [[], []]);
      let answered = 0;
      for (const each of [read, many]) void each.then(() => (answered += 1));
      await pass(DEADLINE_MS - 1);
      expect(inner.asked).toEqual(['evict a', 'publish a', 'read b', 'read c,d']);
      expect(answered).toBe(0);
      await pass(1);
      expect(answered).toBe(2);
      expect(await read).toEqual(unavailable);
      expect(await many).toEqual([unavailable, unavailable]);
    });

    it('gives each a deadline of its own', async () => {
      hang();
      const first = guard.read('a', []);
      await pass(DEADLINE_MS / 2);
      const second = guard.read('b', []);
      await pass(DEADLINE_MS / 2);
      expect(await first).toEqual(unavailable);
      await pass(DEADLINE_MS / 2);
      expect(await second).toEqual(unavailable);
    });

    it('leaves each caller in its own context', async () => {
      const context = new AsyncLocalStorage<string>();
      const seen = ['a', 'b', 'c'].map((name) =>
        context.run(name, async () => {
          await guard.read(name, []);
          return context.getStore();
        }),
      );
      expect(await Promise.all(seen)).toEqual(['a', 'b', 'c']);
    });
  });

  it('tells of what failed, and not of what was not tried', async () => {
    failAll();
    await guard.read('a', []);
    await guard.evict(['a']);
    expect(problems).toEqual(['read', 'evict']);
    inner.ready = false;
    await guard.read('a', []);
    await guard.evict(['a']);
    expect(problems).toEqual(['read', 'evict']);
  });
});
