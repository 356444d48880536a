import { MessageGaps } from '../../../src/stores/bus/message-gaps.js';

describe('the numbers of messages', () => {
  let gaps: MessageGaps;

  beforeEach(() => {
    gaps = new MessageGaps();
  });

  it('show one that is missing, and take one that comes twice or late for known', () => {
    gaps.isGap('a', 1);
    expect(gaps.isGap('a', 2)).toBe(false);
    expect(gaps.isGap('a', 4)).toBe(true);
    expect(gaps.isGap('a', 3)).toBe(false);
    expect(gaps.isGap('a', 5)).toBe(false);
  });

  it('of one who is heard for the first time begin anywhere: it has spoken before', () => {
    expect(gaps.isGap('a', 7)).toBe(false);
    expect(gaps.isGap('a', 9)).toBe(true);
    gaps.reset();
    expect(gaps.isGap('a', 12)).toBe(false);
  });

  it('of one who may have been forgotten count as missing: more instances are heard than are remembered', () => {
    for (let i = 0; i < 1_000; i += 1) gaps.isGap(`instance ${i}`, 1);
    expect(gaps.isGap('one more', 7)).toBe(true);
  });
});
