import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { canonicalize } from '../../../src/definition/canonical.js';
import { data, turnedAround } from './support/data.js';

const of = (value: unknown) => canonicalize(value, 'value');

describe('canonical forms in general', () => {
  it('are one text exactly for values that Node calls deeply equal', () => {
    fc.assert(
      fc.property(fc.array(data, { minLength: 2, maxLength: 12 }), (values) => {
        const texts = values.map(of);
        values.forEach((a, i) =>
          values.slice(0, i).forEach((b, j) => {
            if ((texts[i] === texts[j]) !== isDeepStrictEqual(a, b)) {
              throw new Error(
                `${texts[i]} and ${texts[j]} are ${isDeepStrictEqual(a, b) ? '' : 'not '}equal`,
              );
            }
          }),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('do not depend on the order of fields, entries and members', () => {
    fc.assert(
      fc.property(data, (value) => {
        expect(of(turnedAround(value))).toBe(of(value));
      }),
      { numRuns: 1000 },
    );
  });
});
