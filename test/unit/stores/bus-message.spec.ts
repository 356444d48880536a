import { pattern } from '../../../src/definition/template.js';
import {
  decodeMessage,
  encodeInvalidation,
  encodeLoadEnded,
  encodeSwitched,
} from '../../../src/stores/bus/bus-message.js';

describe('a message of the bus', () => {
  it('tells what was evicted', () => {
    const what = {
      keys: ['bot:1', 'bot:%7B'],
      tags: ['org:1', '%all'],
      patterns: [pattern`bot:${1}*`.text, pattern`*`.text],
    };
    expect(decodeMessage(encodeInvalidation('one', 7, what))).toEqual({
      kind: 'invalidation',
      from: 'one',
      number: 7,
      what,
    });
    expect(decodeMessage(encodeInvalidation('one', 8, { keys: ['bot:1'] }))).toMatchObject({
      what: { keys: ['bot:1'], tags: [], patterns: [] },
    });
  });

  it.each(['over', 'unstored'] as const)('tells how a load ended: %s', (ending) => {
    expect(decodeMessage(encodeLoadEnded('one', 'bot:1', ending))).toEqual({
      kind: 'load ended',
      from: 'one',
      key: 'bot:1',
      ending,
    });
  });

  it('tells that a switch was turned, and nothing more', () => {
    expect(decodeMessage(encodeSwitched('one'))).toEqual({ kind: 'switched', from: 'one' });
  });

  it.each([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['from nobody', '{"n":1,"k":["a"]}'],
    ['a switch from nobody', '{"s":1}'],
    ['without a number', '{"i":"one","k":["a"]}'],
    ['with a number that is none', '{"i":"one","n":1.5}'],
    ['with keys that are no texts', '{"i":"one","n":1,"k":[1]}'],
    ['with tags that are no list', '{"i":"one","n":1,"t":"a"}'],
    ['with a pattern that is none', '{"i":"one","n":1,"p":["a{b"]}'],
    ['with a wildcard where none may be', '{"i":"one","n":1,"p":["a*:b**"]}'],
    ['that is too long', JSON.stringify({ i: 'one', n: 1, k: ['x'.repeat(1_000_000)] })],
  ])('is none: %s', (_, text) => {
    expect(decodeMessage(text)).toBeUndefined();
  });
});
