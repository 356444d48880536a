import { setTimeout as delay } from 'node:timers/promises';
import { ValueCodec } from '../../../src/codec/value-codec.js';
import { TagTokens } from '../../../src/engine/tag-tokens.js';
import { MemoryStore } from '../../../src/stores/memory/memory-store.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { entryOf, put } from '../../support/entries.js';
import { describeStore } from '../../support/store-conformance.js';

describe('MemoryStore', () => {
  let clock: FakeClock;
  let tags: TagTokens;
  let store: MemoryStore;

  beforeEach(() => {
    clock = new FakeClock();
    tags = new TagTokens(clock);
    store = new MemoryStore({ maxEntries: 10_000, maxBytes: 10_000_000 }, tags, clock, new ValueCodec());
  });

  describeStore('MemoryStore', () => ({
    store,
    now: () => clock.now(),
    pass: async (ms) => {
      clock.advance(ms);
      // Leases live in real time.
      await delay(ms);
    },
  }));

  it('never holds more entries than allowed, and drops the least recently used one', async () => {
    store = new MemoryStore({ maxEntries: 3, maxBytes: 1_000_000 }, tags, clock, new ValueCodec());
    for (const key of ['a', 'b', 'c']) await put(store, key, entryOf({ now: clock.now() }));
    store.find('a', clock.now());
    await put(store, 'd', entryOf({ now: clock.now() }));
    expect(store.entries).toBe(3);
    expect(store.find('b', clock.now())).toBeUndefined();
    expect(store.find('a', clock.now())).toBeDefined();
  });

  it('never holds more bytes than allowed', async () => {
    store = new MemoryStore({ maxEntries: 1_000, maxBytes: 10_000 }, tags, clock, new ValueCodec());
    for (let i = 0; i < 100; i++)
      await put(store, `key:${i}`, entryOf({ now: clock.now(), payload: Buffer.alloc(1_000) }));
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    expect(store.find('key:99', clock.now())).toBeDefined();
  });

  it('does not keep an entry that is larger than all of its memory', async () => {
    store = new MemoryStore({ maxEntries: 10, maxBytes: 10_000 }, tags, clock, new ValueCodec());
    await put(store, 'small', entryOf({ now: clock.now() }));
    await put(store, 'huge', entryOf({ now: clock.now(), payload: Buffer.alloc(20_000) }));
    expect(store.find('huge', clock.now())).toBeUndefined();
    expect(store.find('small', clock.now())).toBeDefined();
  });

  it('does not hold on to the socket buffer that an entry came in', () => {
    const socketBuffer = Buffer.alloc(65_536);
    const entry = entryOf({ now: clock.now(), payload: socketBuffer.subarray(100, 8_100) });
    store.fill('key', entry, clock.now() + 1_000);
    const payload = store.find('key', clock.now())?.value.payload;
    expect(payload?.byteLength).toBe(8_000);
    expect(payload?.buffer.byteLength).toBe(8_000);
  });

  it('takes an entry whose tag it has forgotten for unusable', async () => {
    tags = new TagTokens(clock, 10);
    store = new MemoryStore({ maxEntries: 100, maxBytes: 1_000_000 }, tags, clock, new ValueCodec());
    const [token] = store.tokens(['old']);
    await put(store, 'key', entryOf({ now: clock.now(), tags: ['old'], tokens: [token!] }));
    expect(store.find('key', clock.now())).toBeDefined();
    for (let i = 0; i < 10; i++) store.tokens([`tag:${i}`]);
    expect(store.find('key', clock.now())).toBeUndefined();
  });
});
