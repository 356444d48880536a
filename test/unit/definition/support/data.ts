import * as fc from 'fast-check';
import { hostileText } from './hostile.js';

class Page {
  constructor(
    readonly number?: unknown,
    readonly limit?: unknown,
  ) {}
}
/** Data of few, easily confused values, so that equal and almost equal ones turn up all the time. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    false,
    0,
    1,
    1n,
    NaN,
    '',
    'null',
    '0',
    '1',
    'a',
    'b',
    new Date(0),
  ),
  hostileText,
);
export const { value: data } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 3, arbitrary: scalar },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.sparseArray(tie('value'), { maxLength: 3, maxNumElements: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__', '1', 'a,b'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.uint8Array({ maxLength: 2 }),
    fc.int16Array({ maxLength: 2 }),
    fc.tuple(tie('value'), tie('value')).map(([number, limit]) => new Page(number, limit)),
  ),
}));

/** The same data made anew, with everything turned around whose order does not count. */
export function turnedAround(value: unknown): unknown {
  if (Array.isArray(value)) {
    const copy: unknown[] = new Array(value.length);
    value.forEach((item, index) => (copy[index] = turnedAround(item)));
    return copy;
  }
  if (value instanceof Map) {
    return new Map([...value].toReversed().map(([name, item]) => [turnedAround(name), turnedAround(item)]));
  }
  if (value instanceof Set) return new Set([...value].toReversed().map(turnedAround));
  if (value instanceof Date) return new Date(value);
  if (value instanceof Page) return new Page(turnedAround(value.number), turnedAround(value.limit));
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  // Not an assignment: that would set the prototype where a field is named `__proto__`.
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, turnedAround(item)]),
  );
}
