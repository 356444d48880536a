import { TagTokens } from '../../../src/engine/tag-tokens.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';

describe('what a process knows of tags', () => {
  let clock: FakeClock;
  let tokens: TagTokens;

  beforeEach(() => {
    clock = new FakeClock();
    tokens = new TagTokens(clock);
  });

  it('counts as current for 30 seconds after the store told it', () => {
    tokens.confirm('a', 'token');
    clock.advance('29.9s');
    expect(tokens.confirmed('a')).toBe('token');
    clock.advance('100ms');
    expect(tokens.confirmed('a')).toBeUndefined();
    expect(tokens.get('a')?.token).toBe('token');
    tokens.confirm('a', 'token');
    expect(tokens.confirmed('a')).toBe('token');
  });

  it('does not count as current when only an entry told it', () => {
    tokens.learn('a', 'token');
    expect(tokens.get('a')?.token).toBe('token');
    expect(tokens.confirmed('a')).toBeUndefined();
  });

  it('does not last longer because an entry tells it again', () => {
    tokens.confirm('a', 'token');
    clock.advance('20s');
    tokens.learn('a', 'token');
    clock.advance('10s');
    expect(tokens.confirmed('a')).toBeUndefined();
  });

  it('is over when the tag is evicted, for entries that hold on to it, too', () => {
    tokens.confirm('a', 'token');
    const { age } = tokens;
    tokens.forget('a');
    expect(tokens.confirmed('a')).toBeUndefined();
    expect(tokens.get('a')).toBeUndefined();
    expect(tokens.age).toBeGreaterThan(age);
  });

  it('has room for all tags of a large memory', () => {
    tokens = TagTokens.forEntries(100_000, clock);
    for (let i = 0; i < 300_000; i++) tokens.confirm(`tag:${i}`, 'token');
    expect(tokens.confirmed('tag:0')).toBe('token');
  });
});
