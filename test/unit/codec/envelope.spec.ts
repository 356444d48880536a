import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import {
  ENTRY_ID_OFFSET,
  entryIdOf,
  readEnvelope,
  writeEnvelope,
  writeHeader,
  type Sealing,
} from '../../../src/codec/envelope.js';
import type { Entry } from '../../../src/engine/entry.js';
import { cacheErrorOf } from './support/cache-error-of.js';

const SAMPLE: Entry = {
  id: '0123456789abcdef',
  cache: 'bot-details',
  version: '2',
  createdAt: 1_700_000_000_000,
  freshUntil: 1_700_000_300_000,
  staleUntil: 1_700_000_360_000,
  errorUntil: 1_700_003_600_000,
  loadCost: 12.5,
  tags: ['bot:42', 'org:日本語'],
  tokens: ['q83vEjRWeJCrze8SNFZ4kA', 'ffffffffffffffffffffffffffffffff'],
  payload: Buffer.from('the payload'),
};

/** Where it lies in Redis. */
const NAME = 'prod:bots:bot:42';

const encodeEntry = (entry: Entry, sealing: Sealing = {}): Buffer =>
  writeEnvelope(entry, sealing, entry.payload, NAME);
const decodeEntry = (bytes: Buffer): Entry => readEnvelope(bytes, NAME).entry;

const word = fc.string({ unit: 'binary', maxLength: 300 });
const entry: fc.Arbitrary<Entry> = fc
  .record({
    id: fc.stringMatching(/^[0-9a-f]{16}$/),
    cache: word,
    version: word,
    createdAt: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
    fresh: fc.double({ noNaN: true, min: 0 }),
    stale: fc.double({ noNaN: true, min: 0 }),
    error: fc.double({ noNaN: true, min: 0 }),
    loadCost: fc.double({ noNaN: true, min: 0 }),
    tagged: fc.array(fc.tuple(word, word), { maxLength: 200 }),
    payload: fc.uint8Array({ maxLength: 500 }),
  })
  .map(({ fresh, stale, error, tagged, ...rest }) => ({
    ...rest,
    freshUntil: rest.createdAt + fresh,
    staleUntil: rest.createdAt + fresh + stale,
    errorUntil: rest.createdAt + fresh + error,
    tags: tagged.map(([tag]) => tag),
    tokens: tagged.map(([, token]) => token),
  }));

const asPlain = (value: Entry) => ({ ...value, payload: Buffer.from(value.payload).toString('hex') });
const problemOf = (bytes: Uint8Array) => cacheErrorOf(() => decodeEntry(Buffer.from(bytes)));

/** With the checksum that such bytes should have. */
function sealed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(crc32(copy.subarray(0, -4), crc32(NAME)), copy.length - 4);
  return copy;
}

/** Bytes of an entry with a change in them, and with a checksum that agrees. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = encodeEntry(SAMPLE);
  change(bytes);
  return sealed(bytes);
}

/** A header that says it is encrypted, up to the length of the key's id, and that byte. */
function headerEndingIn(...length: number[]): Buffer {
  const header = writeHeader(SAMPLE, { keyId: '' });
  return Buffer.concat([header.subarray(0, -1), Buffer.from(length)]);
}

function decodesToAnEntryOrFails(bytes: Buffer): boolean {
  let found: Entry;
  try {
    found = decodeEntry(bytes);
  } catch (error) {
    return (error as { code?: unknown }).code === 'CACHE_INVALID_ENTRY';
  }
  return (
    found.tags.length === found.tokens.length &&
    [...found.tags, ...found.tokens, found.cache, found.version].every((text) => typeof text === 'string') &&
    found.freshUntil >= found.createdAt &&
    found.staleUntil >= found.freshUntil &&
    found.errorUntil >= found.freshUntil &&
    Buffer.isBuffer(found.payload)
  );
}

it('any entry comes back as it was', () => {
  fc.assert(
    fc.property(entry, (input) => {
      expect(asPlain(decodeEntry(encodeEntry(input)))).toEqual(asPlain(input));
    }),
    { numRuns: 300 },
  );
});

it('an entry comes back as it was, whichever was read before it', () => {
  const alike = fc.constantFrom(
    '',
    'a',
    'b',
    'ab',
    'aé',
    'a'.repeat(20),
    'a'.repeat(19).concat('b'),
    'é'.repeat(20),
  );
  const tagged = fc.array(fc.tuple(alike, alike), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(alike, alike, tagged), { maxLength: 20 }), (all) => {
      for (const [cache, version, pairs] of all) {
        const input = {
          ...SAMPLE,
          cache,
          version,
          tags: pairs.map(([tag]) => tag),
          tokens: pairs.map(([, token]) => token),
        };
        expect(asPlain(decodeEntry(encodeEntry(input)))).toEqual(asPlain(input));
      }
    }),
    { numRuns: 300 },
  );
});

it('the format never changes: these bytes may lie in Redis', () => {
  const bytes = Buffer.from(
    'c101030123456789abcdef4278bcfe568000004278bcfe9fbe00004278bcfeae6400007ff000000000000040290000000000' +
      '00020401060504041a626f747332626f743a34326f72673ae697a57138337666666666ac02026b31626f64795587ea51',
    'hex',
  );
  const tags = { tags: ['bot:42', 'org:日'], tokens: ['q83v', 'ffff'] };
  const input: Entry = {
    ...SAMPLE,
    ...tags,
    cache: 'bots',
    errorUntil: Infinity,
    payload: Buffer.from('body'),
  };
  expect(encodeEntry(input, { inflatedBytes: 300, keyId: 'k1' })).toStrictEqual(bytes);
  expect(asPlain(decodeEntry(bytes))).toEqual(asPlain(input));
});

it('a token that is kept keeps nothing else of its entry', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const usedBy = (tag: string): number => {
    collect();
    const before = process.memoryUsage().heapUsed;
    const tokens = Array.from({ length: 2000 }, (_, index) => {
      const token = `${index}`.padStart(22, 'x');
      return decodeEntry(encodeEntry({ ...SAMPLE, tags: [tag], tokens: [token] })).tokens[0];
    });
    collect();
    const used = process.memoryUsage().heapUsed - before;
    return tokens.length === 2000 ? used : 0;
  };
  // 8 MB of tags.
  expect(usedBy('x'.repeat(4000)) / 2 ** 20).toBeLessThan(2);
});

it('times may be for ever', () => {
  const input = { ...SAMPLE, freshUntil: Infinity, staleUntil: Infinity, errorUntil: Infinity };
  expect(asPlain(decodeEntry(encodeEntry(input)))).toEqual(asPlain(input));
});

it('an entry without tags and with an empty payload comes back as it was', () => {
  const input = { ...SAMPLE, cache: '', version: '', tags: [], tokens: [], payload: new Uint8Array() };
  expect(asPlain(decodeEntry(encodeEntry(input)))).toEqual(asPlain(input));
});

it('begins with magic byte, format version and flags, then the id', () => {
  const bytes = encodeEntry(SAMPLE);
  expect(bytes.subarray(0, 11).toString('hex')).toBe(`c10100${SAMPLE.id}`);
  expect(ENTRY_ID_OFFSET).toBe(3);
});

it('what was done to the payload comes back as it was', () => {
  for (const sealing of [
    { inflatedBytes: 0 },
    { inflatedBytes: 2 ** 28 - 1 },
    { keyId: 'k' },
    { inflatedBytes: 300, keyId: 'x'.repeat(32) },
  ]) {
    const bytes = encodeEntry(SAMPLE, sealing);
    expect(readEnvelope(bytes, NAME).sealing).toEqual(sealing);
    expect(asPlain(decodeEntry(bytes))).toEqual(asPlain(SAMPLE));
  }
});

it('what lies under another name is no entry', () => {
  const bytes = encodeEntry(SAMPLE);
  for (const name of ['prod:bots:bot:43', 'prod:bots:bot:4', 'prod:bots:bot:42:', 'test:bots:bot:42', '']) {
    expect(cacheErrorOf(() => readEnvelope(bytes, name)).message).toMatch(/checksum/);
  }
});

it('header and body are what lies before and behind their border', () => {
  const bytes = encodeEntry(SAMPLE, { inflatedBytes: 5, keyId: 'k' });
  const { header, entry: read } = readEnvelope(bytes, NAME);
  expect(Buffer.concat([header, read.payload])).toEqual(bytes.subarray(0, -4));
  expect(header).toEqual(writeHeader(SAMPLE, { inflatedBytes: 5, keyId: 'k' }));
});

it('what is added to the payload does not depend on it, and is little', () => {
  const header = (payload: Uint8Array) => encodeEntry({ ...SAMPLE, payload }).length - payload.length;
  expect(header(new Uint8Array(100_000))).toBe(header(new Uint8Array()));
  const text = [SAMPLE.cache, SAMPLE.version, ...SAMPLE.tags, ...SAMPLE.tokens].join('');
  expect(header(new Uint8Array()) - Buffer.byteLength(text)).toBeLessThan(64);
});

it('the payload is neither copied when read nor shared when written', () => {
  const payload = Buffer.from('the payload');
  const bytes = encodeEntry({ ...SAMPLE, payload });
  payload.fill(0);
  const decoded = decodeEntry(bytes);
  expect(Buffer.from(decoded.payload).toString()).toBe('the payload');
  expect(decoded.payload.buffer).toBe(bytes.buffer);
});

it('an entry is read from the middle of other bytes', () => {
  const bytes = encodeEntry(SAMPLE);
  const memory = Buffer.concat([Buffer.alloc(7, 0xc1), bytes, Buffer.alloc(7, 0xc1)]);
  expect(asPlain(decodeEntry(memory.subarray(7, 7 + bytes.length)))).toEqual(asPlain(SAMPLE));
});

describe('damaged bytes', () => {
  const bytes = encodeEntry(SAMPLE);

  it('no part of an entry is an entry', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(problemOf(bytes.subarray(0, end)).code).toBe('CACHE_INVALID_ENTRY');
      if (end > 0) expect(problemOf(bytes.subarray(end)).code).toBe('CACHE_INVALID_ENTRY');
    }
    expect(problemOf(Buffer.concat([bytes, Buffer.from([0])])).code).toBe('CACHE_INVALID_ENTRY');
  });

  it('no change of a single byte goes unnoticed, in the payload neither', () => {
    for (let place = 0; place < bytes.length; place++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ flip;
        expect(problemOf(damaged).code).toBe('CACHE_INVALID_ENTRY');
      }
    }
  });

  it('any byte at any place, with a checksum that agrees, gives an entry or an error', () => {
    for (let place = 0; place < bytes.length - 4; place++) {
      for (let byte = 0; byte < 256; byte++) {
        const damaged = Buffer.from(bytes);
        damaged[place] = byte;
        if (!decodesToAnEntryOrFails(sealed(damaged))) throw new Error(`byte ${byte} at ${place}`);
      }
    }
  });

  it('any part with a checksum that agrees gives an entry or an error', () => {
    for (let end = 4; end < bytes.length; end++) {
      expect(decodesToAnEntryOrFails(sealed(bytes.subarray(0, end)))).toBe(true);
    }
  });

  it('the checksum is never read as text', () => {
    // Cache and version have one length byte each, then comes that of the text.
    for (let number = 0; number < 200; number++) {
      const id = number.toString(16).padStart(16, '0');
      const input = { ...SAMPLE, id, tags: [], tokens: [], payload: new Uint8Array() };
      const longer = encodeEntry(input);
      longer[53] = (longer[53] ?? 0) + 4;
      longer[54] = (longer[54] ?? 0) + 4;
      expect(problemOf(sealed(longer)).message).toMatch(/ends within the header/);
    }
  });

  it('arbitrary bytes give an entry or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (tail, isSealed) => {
        const candidate = Buffer.concat([bytes.subarray(0, 51), tail, Buffer.alloc(4)]);
        return (
          decodesToAnEntryOrFails(Buffer.from(tail)) &&
          decodesToAnEntryOrFails(isSealed ? sealed(candidate) : candidate)
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the reason for a refusal is named', () => {
  it.each<[string, Buffer, RegExp]>([
    ['no bytes', Buffer.alloc(0), /does not begin/],
    ['JSON', Buffer.from('{"a":1}'), /does not begin/],
    ['MessagePack', Buffer.from([0x81, 0xa1, 0x61, 1]), /does not begin/],
    ['a later format', changed((bytes) => bytes.writeUInt8(2, 1)), /format is version 2/],
    ['flags of a later version', changed((bytes) => bytes.writeUInt8(4, 2)), /flags are 4/],
    [
      'a key id longer than it is',
      sealed(Buffer.concat([headerEndingIn(0x05), Buffer.alloc(4)])),
      /ends within/,
    ],
    ['a key id without length', sealed(Buffer.concat([headerEndingIn(), Buffer.alloc(4)])), /no end/],
    ['a short header', Buffer.from([0xc1, 1, 0, 1, 2, 3]), /ends within the header/],
    ['a wrong checksum', Buffer.concat([encodeEntry(SAMPLE).subarray(0, -1), Buffer.from([0])]), /checksum/],
    ['createdAt NaN', changed((bytes) => bytes.writeDoubleBE(NaN, 11)), /times/],
    ['createdAt Infinity', changed((bytes) => bytes.writeDoubleBE(Infinity, 11)), /times/],
    ['createdAt -Infinity', changed((bytes) => bytes.writeDoubleBE(-Infinity, 11)), /times/],
    ['freshUntil NaN', changed((bytes) => bytes.writeDoubleBE(NaN, 19)), /times/],
    ['freshUntil before createdAt', changed((bytes) => bytes.writeDoubleBE(1, 19)), /times/],
    ['staleUntil before freshUntil', changed((bytes) => bytes.writeDoubleBE(1_700_000_200_000, 27)), /times/],
    ['a negative loadCost', changed((bytes) => bytes.writeDoubleBE(-1, 43)), /times/],
    ['errorUntil NaN', changed((bytes) => bytes.writeDoubleBE(NaN, 35)), /times/],
    ['more tags than bytes', changed((bytes) => bytes.set([0xff, 0xff, 0xff, 0x7f], 51)), /ends within/],
    ['a count without end', changed((bytes) => bytes.set([0xff, 0xff, 0xff, 0xff], 51)), /no end/],
    ['a text longer than it is', changed((bytes) => bytes.writeUInt8(12, 52)), /another length/],
  ])('%s', (_, bytes, reason) => {
    const error = problemOf(bytes);
    expect(error.code).toBe('CACHE_INVALID_ENTRY');
    expect(error.message).toMatch(reason);
  });
});

describe('what could not be read again is not written', () => {
  it.each<[string, Partial<Entry>]>([
    ['an id in capitals', { id: '0123456789ABCDEF' }],
    ['a short id', { id: '0123' }],
    ['a token missing', { tokens: ['a'] }],
    ['a time that is NaN', { staleUntil: NaN }],
    ['times in disorder', { errorUntil: 0 }],
  ])('%s', (_, part) => {
    expect(cacheErrorOf(() => encodeEntry({ ...SAMPLE, ...part })).code).toBe('CACHE_INVALID_ENTRY');
  });
});

describe('entryIdOf', () => {
  it('is the id of an entry', () => {
    expect(entryIdOf(encodeEntry(SAMPLE))).toBe(SAMPLE.id);
  });

  it('is what lies there, for any other bytes', () => {
    expect(entryIdOf(Buffer.alloc(0))).toBe('');
    expect(entryIdOf(Buffer.from('abc'))).toBe('');
    expect(entryIdOf(Buffer.from('abcde'))).toBe('6465');
    expect(entryIdOf(Buffer.from('{"json":{"a":1}}'))).toBe(Buffer.from('son":{"a').toString('hex'));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        expect(entryIdOf(Buffer.from(bytes))).toBe(Buffer.from(bytes.slice(3, 11)).toString('hex'));
      }),
    );
  });
});
