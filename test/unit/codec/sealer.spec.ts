import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { joinEnvelope, readEnvelope, writeEnvelope } from '../../../src/codec/envelope.js';
import { isPromise } from '../../../src/codec/maybe-promise.js';
import type { Sealer } from '../../../src/codec/sealer.js';
import type { Entry } from '../../../src/engine/entry.js';
import { entryOf } from '../../support/entries.js';
import {
  BOTH,
  COMPRESSED,
  ENCRYPTED,
  keyOf,
  NAME,
  PLAIN,
  sealerOf,
  withByte,
  withChecksum,
} from './support/sealing.js';

const KIB = 1024;
const MIB = KIB * KIB;
const FORMS = [
  ['plain', PLAIN],
  ['compressed', COMPRESSED],
  ['encrypted', ENCRYPTED],
  ['compressed and encrypted', BOTH],
] as const;

const SAMPLE = entryOf({
  now: 1_700_000_000_000,
  cache: 'bot-details',
  version: '2',
  tags: ['bot:42', 'org:日本語'],
  tokens: ['q83vEjRWeJCrze8SNFZ4kA', 'ffffffffffffffffffffff'],
  payload: Buffer.from('the payload '.repeat(20)),
});
const entryWith = (payload: Uint8Array): Entry => ({ ...SAMPLE, payload });
const asPlain = (entry: Entry) => ({ ...entry, payload: Buffer.from(entry.payload).toString('hex') });

/** The reason why it is refused; fails when it is not. */
async function refusalOf(sealer: Sealer, bytes: Buffer, name = NAME): Promise<string> {
  try {
    await sealer.open(bytes, name);
  } catch (error) {
    expect(error).toMatchObject({ code: 'CACHE_INVALID_ENTRY' });
    return (error as Error).message;
  }
  throw new Error('It was opened');
}

describe.each(FORMS)('an entry that is %s', (_, rules) => {
  const sealer = sealerOf(rules);
  const sealed = () => sealer.seal(SAMPLE, NAME) as Buffer;

  it('comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 3000 }),
          // As repetitive as data is, on both sides of the border between waiting and not.
          fc
            .tuple(fc.string({ minLength: 1 }), fc.nat(200 * KIB))
            .map(([text, length]) => Buffer.alloc(length, text)),
        ),
        fc.string({ unit: 'binary' }),
        async (payload, name) => {
          const entry = entryWith(payload);
          expect(asPlain(await sealer.open(await sealer.seal(entry, name), name))).toEqual(asPlain(entry));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is sealed and opened at once when it is small', () => {
    expect(sealed()).toBeInstanceOf(Buffer);
    expect(isPromise(sealer.open(sealed(), NAME))).toBe(false);
  });

  it('is no entry in part, nor with more behind it', async () => {
    const bytes = sealed();
    for (let end = 0; end < bytes.length; end++) {
      await refusalOf(sealer, bytes.subarray(0, end));
      if (end > 4) await refusalOf(sealer, bytes.subarray(bytes.length - end));
    }
    await refusalOf(sealer, Buffer.concat([bytes, Buffer.alloc(1)]));
  });

  it('is refused when any bit of it is flipped', async () => {
    const bytes = sealed();
    for (let place = 0; place < bytes.length; place++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        const damaged = Buffer.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ bit;
        await refusalOf(sealer, damaged);
      }
    }
  });

  it('is refused under another name', async () => {
    expect(await refusalOf(sealer, sealed(), 'prod:bots:bot:43')).toMatch(/checksum/);
    expect(await refusalOf(sealer, sealed(), 'test:bots:bot:42')).toMatch(/checksum/);
  });
});

describe('compression', () => {
  const page = Buffer.from(
    JSON.stringify(Array.from({ length: 400 }, (_, id) => ({ id, status: 'running' }))),
  );
  const sizeOf = async (payload: Uint8Array, rules = COMPRESSED) =>
    (await sealerOf(rules).seal(entryWith(payload), NAME)).length;

  it('makes data smaller, encrypted or not', async () => {
    expect(await sizeOf(page)).toBeLessThan(page.length / 3);
    expect(await sizeOf(page, BOTH)).toBeLessThan(page.length / 3);
    expect(await sizeOf(page, PLAIN)).toBeGreaterThan(page.length);
  });

  it('begins at the threshold', async () => {
    const rules = { ...COMPRESSED, compress: { threshold: 500 } };
    expect(await sizeOf(Buffer.alloc(499), rules)).toBeGreaterThan(499);
    expect(await sizeOf(Buffer.alloc(500), rules)).toBeLessThan(300);
  });

  it('is undone when it saves little', async () => {
    const noise = randomBytes(10_000);
    const bytes = await sealerOf(COMPRESSED).seal(entryWith(noise), NAME);
    expect(readEnvelope(bytes, NAME).sealing).toEqual({});
    // Nine tenths of it can't be made smaller.
    const mixed = Buffer.concat([randomBytes(9000), Buffer.alloc(1000)]);
    expect(readEnvelope(await sealerOf(COMPRESSED).seal(entryWith(mixed), NAME), NAME).sealing).toEqual({});
  });

  it.each([
    ['compressed', COMPRESSED],
    ['compressed and encrypted', BOTH],
  ])('leaves what is large to the thread pool: %s', async (_, rules) => {
    const sealer = sealerOf(rules);
    const entry = entryWith(Buffer.alloc(MIB, page));
    const sealed = sealer.seal(entry, NAME);
    expect(isPromise(sealed)).toBe(true);
    const opened = sealer.open(await sealed, NAME);
    expect(isPromise(opened)).toBe(true);
    expect((await opened).payload).toEqual(entry.payload);
  });

  it('reads what was compressed when it no longer compresses', async () => {
    const bytes = sealerOf(COMPRESSED).seal(SAMPLE, NAME) as Buffer;
    expect(asPlain(await sealerOf(PLAIN).open(bytes, NAME))).toEqual(asPlain(SAMPLE));
  });
});

describe('made-up compressed bytes', () => {
  const made = (body: Uint8Array, inflatedBytes: number) =>
    writeEnvelope(SAMPLE, { inflatedBytes }, body, NAME);
  const bomb = deflateRawSync(Buffer.alloc(200 * MIB), { level: 9 });

  it.each([
    ['as it is', 200 * MIB, /payload is larger than `maxEntryBytes`/],
    ['said to be within the limit', 8 * MIB, /longer than it says/],
    ['said to be little', 1000, /longer than it says/],
    ['said to be one byte', 1, /longer than it says/],
  ])('a bomb, %s, is refused without being inflated', async (_, length, reason) => {
    expect(bomb.length).toBeLessThan(250_000);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }, 1);
    expect(await refusalOf(sealerOf(PLAIN), made(bomb, length))).toMatch(reason);
    clearInterval(watch);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    expect(most).toBeLessThan(length === 8 * MIB ? 32 * MIB : 4 * MIB);
  });

  it.each([
    ['longer than they are', deflateRawSync(Buffer.alloc(100)), 101, /shorter than it says/],
    ['shorter than they are', deflateRawSync(Buffer.alloc(100)), 99, /longer than it says/],
    ['empty', deflateRawSync(Buffer.alloc(0)), 0, /damaged/],
    ['something', Buffer.alloc(0), 100, /damaged/],
    ['compressed, and are not', Buffer.alloc(100, 0xff), 100, /damaged/],
    ['large, and are not', deflateRawSync(Buffer.alloc(100)), MIB, /shorter than it says/],
  ])('said to be %s are refused', async (_, body, length, reason) => {
    expect(await refusalOf(sealerOf(PLAIN), made(body, length))).toMatch(reason);
  });

  it('give an entry or a refusal, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(300), async (body, length) => {
        try {
          const { payload } = await sealerOf(PLAIN).open(made(body, length), NAME);
          expect(payload.length).toBe(length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CACHE_INVALID_ENTRY' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe.each([
  ['encrypted', ENCRYPTED],
  ['compressed and encrypted', BOTH],
])('somebody who writes to Redis, of an entry that is %s,', (_, rules) => {
  const sealer = sealerOf(rules);
  const sealed = () => sealer.seal(SAMPLE, NAME) as Buffer;

  it('sees nothing of the value', () => {
    const secret = Buffer.from('correct horse battery staple '.repeat(10));
    const bytes = sealer.seal(entryWith(secret), NAME) as Buffer;
    expect(bytes.includes('horse')).toBe(false);
    expect(bytes.includes('bot:42')).toBe(true);
  });

  it('never sees the same bytes twice', () => {
    const bodies = Array.from({ length: 1000 }, () => readEnvelope(sealed(), NAME).entry.payload);
    const beginnings = bodies.map((body) => body.subarray(0, 12).toString('hex'));
    expect(new Set(beginnings).size).toBe(1000);
    expect(new Set(bodies.map((body) => body.subarray(12, 24).toString('hex'))).size).toBe(1000);
  });

  it('can change no bit of it, header included', async () => {
    const bytes = sealed();
    for (let place = 0; place < bytes.length - 4; place++) {
      for (let bit = 1; bit < 256; bit <<= 1) await refusalOf(sealer, withByte(bytes, place, bit));
    }
  });

  it('can cut nothing off, and add nothing', async () => {
    const bytes = sealed();
    for (let end = 0; end < bytes.length - 4; end++) {
      await refusalOf(sealer, withChecksum(Buffer.concat([bytes.subarray(0, end), Buffer.alloc(4)])));
    }
    await refusalOf(sealer, withChecksum(Buffer.concat([bytes, Buffer.alloc(1)])));
  });

  it('cannot give one entry the place of another', async () => {
    for (const name of [
      'prod:bots:bot:43',
      'prod:bots:bot:4',
      'prod:bots:bot:42:details',
      'test:bots:bot:42',
    ]) {
      expect(await refusalOf(sealer, withChecksum(sealed(), name), name)).toMatch(/for another place/);
    }
  });

  it('cannot give one entry the header of another', async () => {
    const younger = { ...SAMPLE, freshUntil: Infinity, staleUntil: Infinity, errorUntil: Infinity };
    const [own, other] = [sealed(), sealer.seal(younger, NAME) as Buffer].map((bytes) =>
      readEnvelope(bytes, NAME),
    );
    const mixed = joinEnvelope(other!.header, own!.entry.payload, NAME);
    expect(await refusalOf(sealer, mixed)).toMatch(/changed since/);
  });

  it('cannot move the border between header and name', async () => {
    // Header and name are authenticated one after the other.
    const { header, entry } = readEnvelope(sealed(), NAME);
    for (const moved of [1, 2, 5]) {
      const longer = Buffer.concat([header, Buffer.from(NAME.slice(0, moved))]);
      const name = NAME.slice(moved);
      await refusalOf(sealer, joinEnvelope(longer, entry.payload, name), name);
    }
  });

  it('cannot replace it by one of their own making', async () => {
    const forged = sealerOf({ ...rules, encrypt: false }).seal(SAMPLE, NAME) as Buffer;
    expect(await refusalOf(sealer, forged)).toMatch(/not encrypted, but cache `bot-details` is/);
    const withOwnKey = sealerOf(rules, { keys: [keyOf('a', 7)] }).seal(SAMPLE, NAME) as Buffer;
    expect(await refusalOf(sealer, withOwnKey)).toMatch(/another key/);
  });

  it('learns nothing from the reason for a refusal', async () => {
    const ids = ['b', 'x'.repeat(32), '2025\u00ff'];
    const reasons = await Promise.all(
      ids.map((keyId) => refusalOf(sealer, writeEnvelope(SAMPLE, { keyId }, Buffer.alloc(60), NAME))),
    );
    expect(new Set(reasons).size).toBe(1);
  });
});

describe('keys', () => {
  const [old, current] = [keyOf('old'), keyOf('new')];
  const seal = (keys: (typeof old)[]) => sealerOf(ENCRYPTED, { keys }).seal(SAMPLE, NAME) as Buffer;
  const keyIdOf = (bytes: Buffer) => readEnvelope(bytes, NAME).sealing.keyId;

  it('the first one writes', () => {
    expect(keyIdOf(seal([current, old]))).toBe('new');
    expect(keyIdOf(seal([old, current]))).toBe('old');
  });

  it('all of them read', async () => {
    for (const keys of [
      [current, old],
      [old, current],
      [keyOf('third'), current, old],
    ]) {
      for (const bytes of [seal([old]), seal([current])]) {
        expect(asPlain(await sealerOf(ENCRYPTED, { keys }).open(bytes, NAME))).toEqual(asPlain(SAMPLE));
      }
    }
  });

  it('what no key of the ring opens is refused', async () => {
    const withoutOld = sealerOf(ENCRYPTED, { keys: [current] });
    expect(await refusalOf(withoutOld, seal([old]))).toMatch(/key that is not among `encryption.keys`/);
    const withoutAny = sealerOf(PLAIN, { keys: [] });
    expect(await refusalOf(withoutAny, seal([old]))).toMatch(/key that is not among/);
    const sameIdOtherKey = sealerOf(ENCRYPTED, { keys: [{ ...current, id: 'old' }] });
    expect(await refusalOf(sameIdOtherKey, seal([old]))).toMatch(/another key/);
  });

  it('are needed to write; plain text is no way out', () => {
    expect(() => sealerOf(ENCRYPTED, { keys: [] }).seal(SAMPLE, NAME)).toThrow(
      expect.objectContaining({
        code: 'CACHE_INVALID_OPTION',
        message: expect.stringMatching(/cache `bot-details`/),
      }),
    );
  });

  it('read on when a cache is encrypted no more', async () => {
    expect(asPlain(await sealerOf(PLAIN).open(seal([keyOf('a')]), NAME))).toEqual(asPlain(SAMPLE));
  });
});

describe.each(FORMS)('a limit of bytes for what is %s', (_, rules) => {
  const maxEntryBytes = 2000;
  const limited = sealerOf(rules, { maxEntryBytes });
  const large = entryWith(Buffer.alloc(3000));
  const tooLarge = expect.objectContaining({
    code: 'CACHE_UNCACHEABLE_VALUE',
    message: expect.stringMatching(
      /^Expected entries of cache `bot-details` to be at most `maxEntryBytes` = 2000 bytes/,
    ),
  });

  it('keeps what is larger from being written, however small it is when compressed', () => {
    expect(() => limited.seal(large, NAME)).toThrow(tooLarge);
  });

  it('counts what is added to the payload', async () => {
    const noise = randomBytes(1900);
    expect(() => limited.seal(entryWith(noise), NAME)).toThrow(tooLarge);
    await limited.seal(entryWith(noise.subarray(0, 1600)), NAME);
  });

  it('keeps what is larger from being read', async () => {
    const bytes = await sealerOf(rules).seal(large, NAME);
    expect(await refusalOf(limited, bytes)).toMatch(/larger than `maxEntryBytes`/);
  });

  it('lets through what is as large as it may be', async () => {
    const sealed = (await sealerOf(rules).seal(entryWith(randomBytes(1000)), NAME)).length;
    const exact = sealerOf(rules, { maxEntryBytes: sealed });
    const bytes = await exact.seal(entryWith(randomBytes(1000)), NAME);
    await exact.open(bytes, NAME);
    await refusalOf(sealerOf(rules, { maxEntryBytes: sealed - 1 }), bytes);
  });
});
