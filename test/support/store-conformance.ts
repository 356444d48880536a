import { pattern, type CacheKey } from '../../src/definition/template.js';
import type { Entry } from '../../src/engine/entry.js';
import { newToken } from '../../src/engine/token.js';
import type { CacheStore } from '../../src/stores/store.js';
import { entryOf, put } from './entries.js';

export interface StoreUnderTest {
  readonly store: Omit<CacheStore, 'readMany'>;
  readonly now: () => number;
  /** Lets that much of the store's time pass. */
  readonly pass: (ms: number) => Promise<void>;
}

const LEASE_MS = 10_000;
const HOSTILE_KEYS = [
  'a:%7B%7D',
  'a:%2A',
  'user:%25',
  'k'.repeat(200),
  'bot:1',
  'bot:10',
  '%~x',
  '-',
  '__proto__',
  'constructor',
];

/** What every store must do. Run by each of them. */
export function describeStore(name: string, use: () => StoreUnderTest): void {
  describe(`${name} as a store`, () => {
    const store = () => use().store;
    const fresh = (fields: Partial<Entry> & { ttl?: number } = {}) =>
      entryOf({ now: use().now(), ...fields });
    const granted = { kind: 'granted' };

    async function tagged(...tags: string[]): Promise<Entry> {
      const tokens = await store().tokens(tags, 60_000);
      return fresh({ tags, tokens: tokens ?? [] });
    }

    async function load(key: string, entry: Entry): Promise<boolean> {
      const lease = newToken();
      expect(await store().acquire(key, lease, LEASE_MS, '')).toEqual(granted);
      return store().store(key, lease, entry);
    }

    describe('entries', () => {
      it('finds nothing under a key that was never stored', async () => {
        expect(await store().read('missing', [])).toEqual({ seen: '' });
      });

      it('gives back a put entry with every field', async () => {
        const entry = { ...(await tagged('a', 'b')), version: '7', payload: Buffer.from([0, 1, 255]) };
        expect(await put(store(), 'key', entry)).toBe(true);
        const found = await store().read('key', ['a', 'b']);
        expect(found.seen).toBe(entry.id);
        expect({ ...found.entry, payload: Buffer.from(found.entry!.payload) }).toEqual(entry);
      });

      it('keeps an entry that lives for ever', async () => {
        const entry = fresh({ freshUntil: Infinity, staleUntil: Infinity, errorUntil: Infinity });
        await put(store(), 'key', entry);
        await use().pass(50);
        expect((await store().read('key', [])).entry?.freshUntil).toBe(Infinity);
      });

      it('keeps an empty payload apart from no entry', async () => {
        await put(store(), 'key', fresh({ payload: Buffer.alloc(0) }));
        expect((await store().read('key', [])).entry?.payload.byteLength).toBe(0);
      });

      it('drops an entry when its longest window is over', async () => {
        const now = use().now();
        await put(
          store(),
          'key',
          fresh({ freshUntil: now + 100, staleUntil: now + 200, errorUntil: now + 400 }),
        );
        await use().pass(250);
        expect((await store().read('key', [])).entry).toBeDefined();
        await use().pass(250);
        expect(await store().read('key', [])).toEqual({ seen: '' });
      });

      it('does not store what is already over', async () => {
        expect(await put(store(), 'key', fresh({ ttl: -1 }))).toBe(false);
        expect((await store().read('key', [])).entry).toBeUndefined();
      });

      it('keeps keys apart that look alike', async () => {
        for (const key of HOSTILE_KEYS) await put(store(), key, fresh({ payload: Buffer.from(key) }));
        for (const key of HOSTILE_KEYS) {
          expect(Buffer.from((await store().read(key, [])).entry!.payload).toString()).toBe(key);
        }
        await store().evict(['bot:1']);
        expect((await store().read('bot:1', [])).entry).toBeUndefined();
        expect((await store().read('bot:10', [])).entry).toBeDefined();
      });

      it('evicts several keys at once', async () => {
        for (const key of ['a', 'b', 'c']) await put(store(), key, fresh());
        await store().evict(['a', 'c', 'never-there']);
        expect((await store().read('a', [])).entry).toBeUndefined();
        expect((await store().read('b', [])).entry).toBeDefined();
        expect((await store().read('c', [])).entry).toBeUndefined();
      });

      it('discards what was seen, and nothing newer', async () => {
        const old = fresh();
        await put(store(), 'key', old);
        const newer = fresh();
        await put(store(), 'key', newer);
        await store().discard('key', old.id);
        expect((await store().read('key', [])).seen).toBe(newer.id);
        await store().discard('key', newer.id);
        expect(await store().read('key', [])).toEqual({ seen: '' });
      });
    });

    describe('leases', () => {
      it('grants a lease to one holder at a time', async () => {
        expect(await store().acquire('key', 'first', LEASE_MS, '')).toEqual(granted);
        const second = await store().acquire('key', 'second', LEASE_MS, '');
        expect(second.kind).toBe('held');
        await store().release('key', 'second');
        expect((await store().acquire('key', 'third', LEASE_MS, '')).kind).toBe('held');
        await store().release('key', 'first');
        expect(await store().acquire('key', 'third', LEASE_MS, '')).toEqual(granted);
      });

      it('tells how long a lease is held, and ends it then', async () => {
        await store().acquire('key', 'dead', 200, '');
        const refused = await store().acquire('key', 'waiting', 200, '');
        expect(refused).toMatchObject({ kind: 'held' });
        expect((refused as { forMs: number }).forMs).toBeGreaterThan(0);
        expect((refused as { forMs: number }).forMs).toBeLessThanOrEqual(200);
        await use().pass(250);
        expect(await store().acquire('key', 'waiting', 200, '')).toEqual(granted);
      });

      it('hands over what somebody else stored meanwhile', async () => {
        const entry = fresh();
        await load('key', entry);
        const acquired = await store().acquire('key', 'late', LEASE_MS, '');
        expect(acquired).toMatchObject({ kind: 'filled', found: { seen: entry.id } });
      });

      it('grants the lease beside an entry that the caller has seen', async () => {
        const stale = fresh();
        await put(store(), 'key', stale);
        expect(await store().acquire('key', 'refresher', LEASE_MS, stale.id)).toEqual(granted);
        expect((await store().read('key', [])).seen).toBe(stale.id);
        const newer = fresh();
        expect(await store().store('key', 'refresher', newer)).toBe(true);
        expect((await store().read('key', [])).seen).toBe(newer.id);
      });

      it('stores for the holder alone, and once', async () => {
        await store().acquire('key', 'holder', LEASE_MS, '');
        expect(await store().store('key', 'stranger', fresh())).toBe(false);
        expect(await store().store('key', 'holder', fresh())).toBe(true);
        expect(await store().store('key', 'holder', fresh())).toBe(false);
      });

      it('stores nothing for a lease that has ended', async () => {
        await store().acquire('key', 'slow', 100, '');
        await use().pass(150);
        expect(await store().store('key', 'slow', fresh())).toBe(false);
        expect((await store().read('key', [])).entry).toBeUndefined();
      });

      it('fences off a load that began before its key was evicted', async () => {
        await store().acquire('key', 'loading', LEASE_MS, '');
        await store().evict(['key']);
        expect(await store().store('key', 'loading', fresh())).toBe(false);
        expect((await store().read('key', [])).entry).toBeUndefined();
      });

      it('fences off a load that began before its key was put', async () => {
        await store().acquire('key', 'loading', LEASE_MS, '');
        const newer = fresh();
        await put(store(), 'key', newer);
        expect(await store().store('key', 'loading', fresh())).toBe(false);
        expect((await store().read('key', [])).seen).toBe(newer.id);
      });

      it('fences off a put that something else overtakes', async () => {
        for (const overtake of [
          () => store().evict(['key']),
          () => put(store(), 'key', fresh()),
          () => store().evictMatching(pattern`key*`),
        ]) {
          await store().seize('key', 'putting', LEASE_MS);
          await overtake();
          const older = fresh();
          expect(await store().store('key', 'putting', older)).toBe(false);
          expect((await store().read('key', [])).seen).not.toBe(older.id);
        }
      });

      it('removes what is there when a put begins', async () => {
        await put(store(), 'key', fresh());
        await store().seize('key', 'putting', LEASE_MS);
        expect((await store().read('key', [])).entry).toBeUndefined();
      });

      it('fences off a load that began before a pattern evicted its key', async () => {
        await store().acquire('bot:1:details', 'loading', LEASE_MS, '');
        await store().evictMatching(pattern`bot:1*`);
        expect(await store().store('bot:1:details', 'loading', fresh())).toBe(false);
      });
    });

    describe('tags', () => {
      it('gives a tag the same token until it is evicted', async () => {
        const [first] = (await store().tokens(['a'], 60_000))!;
        const [again, other] = (await store().tokens(['a', 'b'], 120_000))!;
        expect(again).toBe(first);
        expect(other).not.toBe(first);
        await store().evictTags(['a']);
        const [renewed, untouched] = (await store().tokens(['a', 'b'], 60_000))!;
        expect(renewed).not.toBe(first);
        expect(untouched).toBe(other);
      });

      it('makes every entry that carries an evicted tag unusable, and no other', async () => {
        await put(store(), 'both', await tagged('a', 'b'));
        await put(store(), 'only-b', await tagged('b'));
        await put(store(), 'none', fresh());
        await store().evictTags(['a']);
        expect((await store().read('both', ['a', 'b'])).entry).toBeUndefined();
        expect((await store().read('only-b', ['b'])).entry).toBeDefined();
        expect((await store().read('none', [])).entry).toBeDefined();
      });

      it('checks tags that the reader did not expect', async () => {
        await put(store(), 'key', await tagged('a', 'surprise'));
        expect((await store().read('key', ['a'])).entry).toBeDefined();
        await store().evictTags(['surprise']);
        expect((await store().read('key', ['a'])).entry).toBeUndefined();
      });

      it('does not make an entry usable whose tag was evicted during its load', async () => {
        const entry = await tagged('a');
        await store().acquire('key', 'loading', LEASE_MS, '');
        await store().evictTags(['a']);
        await store().store('key', 'loading', entry);
        expect((await store().read('key', ['a'])).entry).toBeUndefined();
      });
    });

    describe('patterns', () => {
      const keys = ['bot:1', 'bot:1:details', 'bot:1:stats', 'bot:10', 'bot:10:details', 'bots:1', 'xbot:1'];

      async function left(): Promise<string[]> {
        const found = await Promise.all(
          keys.map(async (key) => ((await store().read(key, [])).entry ? key : '')),
        );
        return found.filter((key) => key !== '');
      }

      beforeEach(async () => {
        for (const key of keys) await put(store(), key, fresh());
      });

      it('evicts a key and what is below it, and counts them', async () => {
        expect(await store().evictMatching(pattern`bot:${1}*`)).toBe(3);
        expect(await left()).toEqual(['bot:10', 'bot:10:details', 'bots:1', 'xbot:1']);
      });

      it('evicts one segment', async () => {
        expect(await store().evictMatching(pattern`bot:*:details`)).toBe(2);
        expect(await left()).toEqual(['bot:1', 'bot:1:stats', 'bot:10', 'bots:1', 'xbot:1']);
      });

      it('takes glob characters in a value as data', async () => {
        await store().evictMatching(pattern`bot:${'*'}*`);
        await store().evictMatching(pattern`${'?'}*`);
        await store().evictMatching(pattern`${'[a-z]'}*`);
        expect(await left()).toEqual(keys);
      });

      it('reaches thousands of keys', async () => {
        const many = Array.from({ length: 3_000 }, (_, i) => `list:${i}` as CacheKey);
        await Promise.all(many.map(async (key) => put(store(), key, fresh())));
        expect(await store().evictMatching(pattern`list:*`)).toBe(3_000);
        expect(await left()).toEqual(keys);
      });
    });
  });
}
