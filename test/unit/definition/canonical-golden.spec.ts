import { canonicalize, encodeArguments } from '../../../src/definition/canonical.js';

class Page {
  constructor(
    readonly number: number,
    readonly limit?: number,
  ) {}
}

const nested = { deep: [{ er: new Map([[{ b: 2, a: 1 }, new Set(['y', 'x'])]]) }] };

const VALUES: readonly (readonly [unknown, string])[] = [
  [null, 'null'],
  [undefined, 'undefined'],
  [true, 'true'],
  [-0, '0'],
  [0.1 + 0.2, '0.30000000000000004'],
  [1e21, '1e+21'],
  [5e-324, '5e-324'],
  [-Infinity, '-Infinity'],
  [NaN, 'NaN'],
  [10n ** 30n, '1000000000000000000000000000000n'],
  ['', '""'],
  ['Zürich "1"\\\n\u2028', '"Zürich \\"1\\"\\\\\\n\u2028"'],
  ['\ud83d\ude00 \ud83d', '"😀 \\ud83d"'],
  [[1, '1', [undefined]], '[1,"1",[undefined]]'],
  [Object.assign([1], { 2: 3 }), '[1,hole,3]'],
  [{ b: 1, a: { d: undefined, c: null } }, '{"a":{"c":null,"d":undefined},"b":1}'],
  [{ 10: 'ten', 9: 'nine', é: 1, e: 2, Z: 3 }, '{"10":"ten","9":"nine","Z":3,"e":2,"é":1}'],
  [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  [new Page(1), '"Page"{"limit":undefined,"number":1}'],
  [new Date(1_700_000_000_123), 'Date(1700000000123)'],
  [new Date(NaN), 'Date(NaN)'],
  [nested, '{"deep":[{"er":Map({"a":1,"b":2}=>Set("x","y"))}]}'],
  [
    new Map<unknown, unknown>([
      ['b', 1],
      [2, 'a'],
      [null, undefined],
    ]),
    'Map("b"=>1,2=>"a",null=>undefined)',
  ],
  [new Set<unknown>([3, '3', 1n, { a: 1 }]), 'Set("3",1n,3,{"a":1})'],
  [/a"\/b/giu, 'RegExp("a\\"\\\\/b",giu,0)'],
  [new URL('HTTP://Example.org:80/a b?q=ü#x'), 'URL("http://example.org/a%20b?q=%C3%BC#x")'],
  [
    new URLSearchParams([
      ['b', '1 2'],
      ['a', '&'],
    ]),
    'URLSearchParams("b=1+2&a=%26")',
  ],
  [new Uint8Array([0, 127, 255]), 'Uint8Array(0,127,255)'],
  [Buffer.from('ab'), '"Buffer"Uint8Array(97,98)'],
  [new Float32Array([0.1, -0]), 'Float32Array(0.10000000149011612,0)'],
  [new Uint16Array([256, 1]), 'Uint16Array(256,1)'],
  [new BigInt64Array([-1n]), 'BigInt64Array(-1)'],
  [new Uint8Array([1, 171]).buffer, 'ArrayBuffer(01ab)'],
  [new DataView(new Uint8Array([9, 1, 171]).buffer, 1), 'DataView(01ab)'],
];

const LISTS: readonly (readonly [readonly unknown[], string])[] = [
  [[], '%v'],
  [['bot-1', 42, null], 'bot-1,42,%n'],
  [['42', 42n, undefined, true, ''], '%q42,%i42,%u,true,%e'],
  [['a,b', 'Zürich', '\ud83d'], 'a%2Cb,Z%C3%BCrich,%sD83D'],
  [[{ to: new Date(0), from: 1n }], '%hNWKj-LUJaCClrkis33aGAZSFYjVRDPDE9QAR8Q8IBsQ'],
  [['u1', new Page(2, 20)], 'u1,%hm6AvXlcvhNP4r0bS-4dS9hmIQSM_hOwNL0JaIeKk8-0'],
  [[new Map([['a', new Set([1])]])], '%hooRQLBzkGLESovLRcw_oQyH7drRgkSPqgbTucCanOIk'],
  [['x'.repeat(121)], '%leQcqR7-qVOYFep7iHg3qZLntv9FgxMytu2V-ZLbSLuQ'],
  [[{}, [], new Date(0)], '%lJq8hyBXtqJyVHFxFapHN0Gc494t6guj0YgtiCkoE7PU'],
];

describe('what a value or a list of arguments becomes', () => {
  // Written down, so that no version of Node and none of the library changes it unseen: entries in Redis are found
  // by it after a deployment, and by instances that run another version beside this one.
  it.each(VALUES)('%#: the canonical form of %p never changes', (value, expected) => {
    expect(canonicalize(value, 'value')).toBe(expected);
  });

  it.each(LISTS)('%#: the text of the list %p never changes', (list, expected) => {
    expect(encodeArguments(list)).toBe(expected);
  });
});
