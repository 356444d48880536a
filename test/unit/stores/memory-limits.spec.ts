import { tag } from '../../../src/definition/template.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';

describe('the memory of an engine', () => {
  let engine: EngineUnderTest;

  afterEach(() => engine.runtime.close());

  it('holds as many entries as it may, each with a tag of its own', async () => {
    const count = 55_000;
    // A clock that stands still: on a busy machine this takes longer than the entries live.
    engine = await startEngine({ l1: { maxEntries: count }, clock: new FakeClock() });
    const cache = engine.cache<number>({ tags: (id) => [tag`item:${id}`] });
    for (let i = 0; i < count; i++) await cache.set([String(i)], i);
    expect(engine.runtime.engine.memoryUse.entries).toBe(count);
    for (let i = 0; i < 1_000; i++) expect(await cache.get(String(i))).toBe(i);
  });

  it('counts the tags of its entries', async () => {
    const maxBytes = 200_000;
    engine = await startEngine({ l1: { maxBytes } });
    const tags = Array.from({ length: 100 }, (_, i) => tag`long:${'x'.repeat(120)}:${i}`);
    const tagBytes = tags.reduce((sum, { length }) => sum + length, 0);
    const cache = engine.cache<number>({ tags: () => tags });
    for (let i = 0; i < 100; i++) await cache.set([String(i)], i);
    const { entries, bytes } = engine.runtime.engine.memoryUse;
    expect(entries).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThanOrEqual(entries * tagBytes);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
  });
});
