import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { cacheOptionsFromEnv } from '../../../src/cache.options.env.js';
import { resolveOptions } from '../../../src/cache.options.resolved.js';
import { KeyRing } from '../../../src/codec/key-ring.js';
import { cacheErrorOf } from './support/cache-error-of.js';

const BYTES = randomBytes(32);
const [BASE64, HEX] = [BYTES.toString('base64'), BYTES.toString('hex')];

const ring = (keys: unknown) => KeyRing.of(keys as never, 'encryption.keys');
const exported = (key: string | Uint8Array) => ring([{ id: 'a', key }]).current.key.export();

it.each([
  ['bytes', BYTES],
  ['a Uint8Array', new Uint8Array(BYTES)],
  ['base64', BASE64],
  ['base64 without padding', BASE64.replace('=', '')],
  ['base64url', BYTES.toString('base64url')],
  ['hex', HEX],
  ['hex in capitals', HEX.toUpperCase()],
])('a key may be given as %s', (_, key) => {
  expect(exported(key)).toEqual(BYTES);
});

it('a key that its owner changes afterwards stays what it was', () => {
  const own = new Uint8Array(BYTES);
  const keys = ring([{ id: 'a', key: own }]);
  own.fill(0);
  expect(keys.current.key.export()).toEqual(BYTES);
});

it('the first key is the one that writes, and all are found', () => {
  const keys = ring([
    { id: 'new', key: HEX },
    { id: 'old', key: randomBytes(32) },
  ]);
  expect(keys.current.id).toBe('new');
  expect(keys.find('old')).toBeDefined();
  expect(keys.find('older')).toBeUndefined();
});

describe('what cannot be a ring is refused, naming option and rule', () => {
  const text = 'correct horse battery staple';

  it.each<[string, unknown, RegExp]>([
    ['none', undefined, /^Expected `encryption\.keys` to be a list of at least one key, got undefined\./],
    ['an empty list', [], /^Expected `encryption\.keys` to be a list of at least one key, got none\./],
    ['one key', { id: 'a', key: HEX }, /`encryption\.keys` to be a list .* got object/],
    ['a text', HEX, /`encryption\.keys` to be a list .* got string/],
    ['null in it', [null], /`encryption\.keys\[0\]` to be an object with `id` and `key`, got null/],
    ['a text in it', [HEX], /`encryption\.keys\[0\]` to be an object with `id` and `key`, got string/],
    ['no id', [{ key: HEX }], /`encryption\.keys\[0\]\.id` to be 1 to 32 letters.* got undefined/],
    ['an empty id', [{ id: '', key: HEX }], /`encryption\.keys\[0\]\.id`/],
    ['a long id', [{ id: 'x'.repeat(33), key: HEX }], /`encryption\.keys\[0\]\.id`/],
    ['an id with a colon', [{ id: 'a:b', key: HEX }], /`encryption\.keys\[0\]\.id`/],
    ['an id not in ASCII', [{ id: 'é', key: HEX }], /`encryption\.keys\[0\]\.id`/],
    ['no key', [{ id: 'a' }], /`encryption\.keys\[0\]\.key` to be 32 bytes.* got undefined/],
    [
      'a passphrase',
      [{ id: 'a', key: text }],
      /\.key` to be 32 bytes.* got a text of 28 characters .*openssl/,
    ],
    ['a short key', [{ id: 'a', key: BYTES.subarray(1) }], /\.key` to be 32 bytes.* got 31/],
    ['a long key', [{ id: 'a', key: randomBytes(33) }], /\.key` to be 32 bytes.* got 33/],
    ['short hex', [{ id: 'a', key: HEX.slice(2) }], /\.key` to be 32 bytes/],
    ['short base64', [{ id: 'a', key: randomBytes(24).toString('base64') }], /\.key` to be 32 bytes/],
    ['long base64', [{ id: 'a', key: randomBytes(33).toString('base64') }], /\.key` to be 32 bytes/],
    [
      'a second of that id',
      [
        { id: 'a', key: HEX },
        { id: 'a', key: BYTES },
      ],
      /`encryption\.keys\[1\]\.id` to be diff/,
    ],
  ])('%s', (_, keys, message) => {
    const error = cacheErrorOf(() => ring(keys));
    expect(error.code).toBe('CACHE_INVALID_OPTION');
    expect(error.message).toMatch(message);
    for (const secret of [HEX.slice(2, 20), BASE64.slice(0, 20), 'horse'])
      expect(error.message).not.toContain(secret);
  });

  it('an id that is a key is not shown', () => {
    expect(cacheErrorOf(() => ring([{ id: HEX, key: 'a' }])).message).not.toContain(HEX.slice(0, 8));
  });
});

describe('options of the module', () => {
  const resolve = (options: object) => resolveOptions({ namespace: 'app', ...options });

  it('encrypt nothing by default, and store entries of up to 8 MiB', () => {
    expect(resolve({})).toMatchObject({ keyRing: undefined, maxEntryBytes: 8_388_608 });
  });

  it('never show a key, when they are printed', () => {
    const shown = inspect(resolve({ encryption: { keys: [{ id: 'a', key: HEX }] } }), {
      depth: 10,
      showHidden: true,
    });
    expect(shown).toContain('KeyRing');
    expect(shown).not.toContain(HEX.slice(0, 8));
    expect(shown).not.toContain(
      BYTES.subarray(0, 4)
        .toString('hex')
        .replace(/..(?!$)/g, '$& '),
    );
  });

  it.each([
    [{ encryption: {} }, /`encryption\.keys`/],
    [{ encryption: { keys: [], algorithm: 'rot13' } }, /got `encryption\.algorithm`\. Check the spelling/],
    [{ maxEntryBytes: 0 }, /`maxEntryBytes` to be an integer > 0, got 0/],
    [{ maxEntryBytes: '8mb' }, /`maxEntryBytes` to be an integer > 0, got '8mb'/],
    [{ maxEntryBytes: 2 ** 28 }, /`maxEntryBytes` to be at most 268435455, got 268435456/],
  ])('%j are refused', (options, message) => {
    expect(cacheErrorOf(() => resolve(options)).message).toMatch(message);
  });
});

describe('CACHE_ENCRYPTION_KEYS', () => {
  const read = (keys: string) => cacheOptionsFromEnv({ CACHE_NAMESPACE: 'app', CACHE_ENCRYPTION_KEYS: keys });
  const ringOf = (keys: string) => resolveOptions(read(keys)).keyRing;

  it('is id:key, the first one writes', () => {
    const keys = ringOf(`new:${BASE64}, old:${randomBytes(32).toString('hex')}`);
    expect(keys?.current.id).toBe('new');
    expect(keys?.current.key.export()).toEqual(BYTES);
    expect(keys?.find('old')).toBeDefined();
  });

  it('goes before what is given in code, if it is set', () => {
    const fallback = { encryption: { keys: [{ id: 'code', key: HEX }] } };
    const from = (keys: string) =>
      resolveOptions(cacheOptionsFromEnv({ CACHE_NAMESPACE: 'app', CACHE_ENCRYPTION_KEYS: keys }, fallback))
        .keyRing;
    expect(from('')?.current.id).toBe('code');
    expect(from(`env:${HEX}`)?.current.id).toBe('env');
  });

  it.each([
    [HEX],
    ['a:'],
    [`:${HEX}`],
    [`a:${HEX}:b`],
    [`a:${HEX},`],
    [`a:${HEX},a:${HEX}`],
    [`a:${HEX.slice(4)}`],
    [`${HEX}:a`],
  ])('%j is refused, naming the variable and showing no key', (keys) => {
    const { code, message } = cacheErrorOf(() => read(keys));
    expect(code).toBe('CACHE_INVALID_OPTION');
    expect(message).toMatch(/^Expected `CACHE_ENCRYPTION_KEYS/);
    expect(message).not.toContain(HEX.slice(4, 12));
  });
});
