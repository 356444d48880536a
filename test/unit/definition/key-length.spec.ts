import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { headOfCut, MAX_KEY_LENGTH, visibleHead } from '../../../src/definition/key-length.js';
import { key, tag } from '../../../src/definition/template.js';
import { hostileText } from './support/hostile.js';

const CUT = /^[^~]*%~[A-Za-z0-9_-]{43}$/;

/** Texts on both sides of the limit, full of escapes of every length. */
const longText = fc
  .tuple(fc.integer({ min: 100, max: 260 }), fc.array(hostileText, { maxLength: 60 }))
  .map(([filler, pieces]) => 'x'.repeat(filler) + pieces.join(''));

describe('a long key', () => {
  it('is whole up to 200 bytes, and cut from there on', () => {
    expect(key`bot:${'x'.repeat(196)}`).toBe(`bot:${'x'.repeat(196)}`);
    const cut = key`bot:${'x'.repeat(197)}`;
    const digest = createHash('sha256')
      .update(`bot:${'x'.repeat(197)}`)
      .digest('base64url');
    expect(cut).toBe(`bot:${'x'.repeat(151)}%~${digest}`);
    expect(Buffer.byteLength(cut)).toBe(MAX_KEY_LENGTH);
  });

  it('is cut by the length of the encoded text, whichever part makes it long', () => {
    expect(key`geo:${'é'.repeat(32)}`).toHaveLength(4 + 32 * 6);
    expect(key`geo:${'é'.repeat(33)}`).toMatch(CUT);
    expect(key`geo:${'é'.repeat(33)}:tail`).toMatch(CUT);
  });

  it('as a tag is cut the same way', () => {
    expect(tag`bot:${'x'.repeat(197)}`).toBe(key`bot:${'x'.repeat(197)}`);
  });

  it('stays within 200 bytes and tears no escape apart', () => {
    fc.assert(
      fc.property(longText, (text) => {
        const made = key`k:${text}`;
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(MAX_KEY_LENGTH);
        expect(made).toMatch(
          /^k:(?:[A-Za-z0-9_.@+-]|%[0-9A-F]{2}|%[nue]|%sD[89A-F][0-9A-F]{2})*(?:%~[\w-]{43})?$/,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('tears nothing apart at any position of any escape', () => {
    for (const character of [':', 'é', '\ud83d', '\u{1f600}']) {
      for (let filler = 140; filler < 160; filler += 1) {
        const head = headOfCut(key`${'x'.repeat(filler)}:${character.repeat(60)}`) ?? '';
        expect(head.length).toBeGreaterThanOrEqual(150);
        expect(head).toMatch(/^x+(?::(?:%[0-9A-F]{2}|%sD83D)*)?$/);
      }
    }
  });

  it('is never that of another text, also when only the end differs', () => {
    fc.assert(
      fc.property(longText, hostileText, hostileText, (text, a, b) => {
        expect(key`${text}:${a}` === key`${text}:${b}`).toBe(a === b);
      }),
      { numRuns: 1000 },
    );
  });

  it('cannot be written down by a user who knows the digest', () => {
    const cut = key`bot:${'x'.repeat(300)}`;
    expect(key`bot:${cut.slice(4)}`).not.toBe(cut);
    expect(headOfCut(key`bot:${'%~abc'}`)).toBeUndefined();
  });

  it('has a head that is the beginning of the whole', () => {
    expect(visibleHead('bot:1')).toBe('bot:1');
    expect(headOfCut(key`bot:${'x'.repeat(300)}`)).toBe(`bot:${'x'.repeat(151)}`);
    expect(headOfCut('bot:1')).toBeUndefined();
  });
});
