import { digest } from '../../../src/definition/digest.js';
import { cacheErrorOf } from './support/error-of.js';

describe('a digest', () => {
  it('is that of the canonical form, and never changes', () => {
    // Computed once and written down: keys outlive processes, releases and versions of Node.
    expect(digest({ b: [1, 'é', null], a: new Date(0) })).toBe(
      '82cdc57e631703e9f3f625e899040afb63903679ecb6ff1e47d194853fd93ef2',
    );
    expect(digest({ a: new Date(0), b: [1, 'é', null] })).toBe(digest({ b: [1, 'é', null], a: new Date(0) }));
    expect(digest('1')).not.toBe(digest(1));
  });

  it('tells halves of surrogate pairs apart, which have no bytes of their own', () => {
    const texts = ['\ud83d', '\ude00', '\ufffd', '\\ud83d'];
    expect(new Set(texts.map(digest)).size).toBe(texts.length);
    expect(new Set(texts.map((text) => digest({ [text]: 1 }))).size).toBe(texts.length);
  });

  it('says what it was that it could not take', () => {
    expect(cacheErrorOf(() => digest({ a: () => 1 })).message).toContain('the value given to `digest` (a)');
  });
});
