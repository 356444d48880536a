import { pattern } from '../../../src/definition/template.js';
import { EVERYTHING } from '../../../src/engine/bound-cache.js';
import { EvictionBacklog } from '../../../src/resilience/eviction-backlog.js';

describe('evictions that wait', () => {
  let backlog: EvictionBacklog;

  beforeEach(() => {
    backlog = new EvictionBacklog(5);
  });

  it('are noted once each', () => {
    for (let time = 0; time < 10; time += 1) {
      backlog.add({ keys: ['a', 'a', 'b'] });
      backlog.add({ tags: ['t'] });
      backlog.add({ patterns: [pattern`bot:*`.text] });
    }
    expect(backlog.size).toBe(4);
    expect(backlog.all).toEqual({ keys: ['a', 'b'], tags: ['t'], patterns: ['bot:*'] });
  });

  it('cover entries by key, by any of their tags, and by pattern, and no others', () => {
    backlog.add({ keys: ['a'], tags: ['t', 'u'], patterns: [pattern`bot:*`.text] });
    expect(backlog.covers('a', [])).toBe(true);
    expect(backlog.covers('b', ['x', 'u'])).toBe(true);
    expect(backlog.covers('bot:1', [])).toBe(true);
    expect(backlog.covers('b', ['x'])).toBe(false);
    expect(backlog.covers('bots', [])).toBe(false);
    expect(backlog.covers('t', [])).toBe(false);
  });

  it('become one of everything when there are too many', () => {
    backlog.add({ keys: ['1', '2', '3'], tags: ['t'], patterns: ['bot:*'] });
    expect(backlog.size).toBe(5);
    backlog.add({ keys: ['4'] });
    expect(backlog.all).toEqual({ keys: [], tags: [EVERYTHING], patterns: [] });
    expect(backlog.size).toBe(1);
    expect(backlog.covers('whatever', [])).toBe(true);
    backlog.add({ keys: ['5'], tags: ['u'] });
    expect(backlog.size).toBe(1);
  });

  it('are one of everything at once when that is evicted', () => {
    backlog.add({ keys: ['1'] });
    backlog.add({ keys: ['2'], tags: [EVERYTHING] });
    expect(backlog.all).toEqual({ keys: [], tags: [EVERYTHING], patterns: [] });
  });

  it('are gone when they are cleared, and can come again', () => {
    backlog.add({ tags: [EVERYTHING] });
    backlog.clear();
    expect(backlog.size).toBe(0);
    expect(backlog.covers('a', ['t'])).toBe(false);
    backlog.add({ keys: ['a'] });
    expect(backlog.all.keys).toEqual(['a']);
  });
});
