import { LargestSizes } from '../../../src/stores/redis/largest-sizes.js';

describe('how many entries are read together', () => {
  const small = ['%all', 'cache:small'];
  const large = ['%all', 'cache:large', 'bot:1'];
  let sizes: LargestSizes;

  beforeEach(() => {
    sizes = new LargestSizes();
  });

  it('is a few as long as none has been seen', () => {
    expect(sizes.most(small)).toBe(10);
  });

  it('is decided by the largest one, however many small ones there are beside it', () => {
    for (let i = 0; i < 99; i++) sizes.note(small, 100);
    expect(sizes.most(small)).toBe(100);
    sizes.note(small, 400_000);
    expect(sizes.most(small)).toBe(5);
    for (let i = 0; i < 50; i++) sizes.note(small, 100);
    expect(sizes.most(small)).toBeLessThan(10);
  });

  it('forgets a large one after many that are not', () => {
    sizes.note(small, 400_000);
    for (let i = 0; i < 1_000; i++) sizes.note(small, 100);
    expect(sizes.most(small)).toBe(100);
  });

  it('is judged for each cache, and at least one', () => {
    sizes.note(small, 100);
    sizes.note(large, 3_000_000);
    expect([sizes.most(small), sizes.most(large)]).toEqual([100, 1]);
    expect(sizes.most(['%all', 'cache:large', 'bot:2'])).toBe(1);
  });
});
