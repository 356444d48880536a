import { ValueCodec } from '../../../src/codec/value-codec.js';
import { KeptValue } from '../../../src/engine/kept-value.js';
import { resolvePolicy } from '../../../src/engine/policy.js';
import { defineCache, type CacheSpec } from '../../../src/definition/define-cache.js';
import { key } from '../../../src/definition/template.js';

const codec = new ValueCodec();
const READS = 8;

const policyOf = (fields: Partial<CacheSpec<[]>> = {}) =>
  resolvePolicy(
    defineCache({ name: 'kept', key: () => key`kept`, ttl: '1m', ...fields }),
    {},
    undefined,
    true,
  );

/** What so many callers get, of whom each changes what it got. */
function takeAll(kept: KeptValue, policy = policyOf()): { value: object; before: string }[] {
  return Array.from({ length: READS }, () => {
    const value = kept.take(policy) as Record<string, unknown>;
    const before = JSON.stringify(value);
    for (const part of [value['list'], value['nested']]) Object.assign(part as object, { 0: 'changed' });
    return { value, before };
  });
}

describe('KeptValue', () => {
  const value = { list: [1, { a: 2 }], nested: { deep: { at: new Date(0) } }, text: 'ä' };

  it.each([
    ['of a store', false],
    ['of a memory in front of one', true],
  ])('gives each caller one of its own, however often it is asked: %s', (_, isElsewhere) => {
    const taken = takeAll(new KeptValue(codec.encode(value), isElsewhere, codec));
    for (const { before } of taken) expect(before).toBe(JSON.stringify(value));
    expect(new Set(taken.map((each) => each.value)).size).toBe(READS);
  });

  it('gives each caller one of its own of what can’t be copied', () => {
    const kept = new KeptValue(codec.encode({ ...value, map: new Map([[1, { a: 1 }]]) }), true, codec);
    const maps = Array.from({ length: READS }, () => {
      const { map } = kept.take(policyOf()) as { map: Map<number, { a: number }> };
      expect(map).toEqual(new Map([[1, { a: 1 }]]));
      map.set(2, { a: 2 });
      return map;
    });
    expect(new Set(maps).size).toBe(READS);
  });

  it('gives all callers the same one where they share', () => {
    const kept = new KeptValue(codec.encode(value), true, codec);
    const policy = policyOf({ isolation: 'share' });
    const first = kept.take(policy);
    expect(first).toEqual(value);
    for (let read = 0; read < READS; read++) expect(kept.take(policy)).toBe(first);
  });

  it.each(['clone', 'share'] as const)('makes of each what `revive` makes of it: %s', (isolation) => {
    const kept = new KeptValue(codec.encode(value), true, codec);
    const plains: unknown[] = [];
    const revive = (plain: unknown) => {
      plains.push(plain);
      return { revived: plain };
    };
    const policy = policyOf({ isolation, revive });
    for (let read = 0; read < READS; read++) expect(kept.take(policy)).toEqual({ revived: value });
    expect(plains).toHaveLength(isolation === 'share' ? 1 : READS);
    expect(new Set(plains).size).toBe(plains.length);
  });

  it.each([10, 4_096, 4_097, 70_000])('keeps %i bytes as they are, where nobody else has them', (length) => {
    const payload = codec.encode({ text: 'x'.repeat(length), bytes: Buffer.from([0, 127, 128, 255]) });
    const kept = new KeptValue(payload, false, codec);
    for (let read = 0; read < READS; read++) kept.take(policyOf());
    expect(kept.bytes).toBe(payload.length);
    expect(Buffer.from(kept.payload!)).toEqual(payload);
  });

  it('lets go of the bytes that callers don’t need any more', () => {
    const kept = new KeptValue(codec.encode(value), true, codec);
    takeAll(kept);
    expect(kept.payload).toEqual(codec.encode(value));
    kept.take(policyOf({ isolation: 'share' }));
    expect(kept.payload).toBeUndefined();
    expect(kept.bytes).toBe(codec.encode(value).length);
  });

  it('decodes each time what its codec does not keep', () => {
    const bare = {
      encode: (input: unknown) => Buffer.from(JSON.stringify(input)),
      decode: (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()),
    };
    const plain = { list: [1, { a: 2 }], nested: { deep: {} } };
    const payload = bare.encode(plain);
    const kept = new KeptValue(payload, true, bare);
    for (const { before } of takeAll(kept)) expect(before).toBe(JSON.stringify(plain));
    expect(kept.payload).toEqual(payload);
    const unwilling = { ...bare, keep: () => undefined };
    expect(new KeptValue(payload, true, unwilling).take(policyOf())).toEqual(plain);
  });

  it('says each time that nobody can read what is damaged', () => {
    const kept = new KeptValue(Buffer.from([0xc1, 0xc1]), true, codec);
    for (let read = 0; read < READS; read++) {
      expect(() => kept.take(policyOf())).toThrow(expect.objectContaining({ code: 'CACHE_INVALID_ENTRY' }));
    }
  });
});
