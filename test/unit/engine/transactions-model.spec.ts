import { AsyncResource } from 'node:async_hooks';
import * as fc from 'fast-check';
import type { Cache } from '../../../src/cache-handle.js';
import { key, pattern, tag } from '../../../src/definition/template.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';

const IDS = ['a1', 'a2', 'b1', 'b2'] as const;
type Id = (typeof IDS)[number];

/** What is done, one after the other; a transaction is something that is done, too. */
type Step =
  | { readonly kind: 'put' | 'evict' | 'load' | 'refresh'; readonly id: Id }
  | { readonly kind: 'evict tag' | 'evict pattern'; readonly group: 'a' | 'b' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'transaction'; readonly steps: readonly Step[]; readonly fails: boolean };

const arbitrary = fc.letrec<{ step: Step; steps: Step[] }>((tie) => ({
  steps: fc.array(tie('step'), { maxLength: 6 }),
  step: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constantFrom('put', 'evict', 'load', 'refresh'), id: fc.constantFrom(...IDS) }),
    fc.record({ kind: fc.constantFrom('evict tag', 'evict pattern'), group: fc.constantFrom('a', 'b') }),
    fc.record({ kind: fc.constant('clear') }),
    fc.record({ kind: fc.constant('transaction'), steps: tie('steps'), fails: fc.boolean() }),
  ) as fc.Arbitrary<Step>,
}));

/** What is stored as one sees it from somewhere: from inside transactions, or from outside. */
class View {
  private readonly evicted = new Set<Id>();
  private readonly puts = new Map<Id, string>();

  constructor(readonly outer?: View) {}

  get(id: Id): string | undefined {
    return this.puts.get(id) ?? (this.evicted.has(id) ? undefined : this.outer?.get(id));
  }

  put(id: Id, value: string): void {
    this.puts.set(id, value);
  }

  evict(ids: readonly Id[]): void {
    for (const id of ids) {
      this.puts.delete(id);
      this.evicted.add(id);
    }
  }

  commit(): void {
    this.outer?.evict([...this.evicted]);
    for (const [id, value] of this.puts) this.outer?.put(id, value);
  }
}

class Run {
  private values = 0;
  private readonly committed = new View();
  /** Asks from outside all transactions, whatever runs. */
  private readonly seenOutside = AsyncResource.bind((id: Id) => this.cache.get(id));

  constructor(
    private readonly engine: EngineUnderTest,
    private readonly cache: Cache<readonly [id: string], string>,
  ) {}

  start(steps: readonly Step[]): Promise<void> {
    return this.all(steps, this.committed);
  }

  private async all(steps: readonly Step[], view: View): Promise<void> {
    for (const step of steps) {
      await this.one(step, view);
      for (const id of IDS) {
        expect(await this.cache.get(id)).toBe(view.get(id));
        expect(await this.seenOutside(id)).toBe(this.committed.get(id));
      }
      expect(await this.cache.getMany(IDS.map((id) => [id]))).toEqual(IDS.map((id) => view.get(id)));
    }
  }

  private async one(step: Step, view: View): Promise<void> {
    const { cache } = this;
    const { calls } = this.engine.runtime.engine;
    switch (step.kind) {
      case 'put': {
        const value = this.next();
        view.put(step.id, value);
        return cache.set([step.id], value);
      }
      case 'refresh': {
        const value = this.next();
        view.put(step.id, value);
        expect(await cache.refresh([step.id], () => value)).toBe(value);
        return undefined;
      }
      case 'load': {
        const loaded = this.next();
        expect(await cache.getOrLoad([step.id], () => loaded)).toBe(view.get(step.id) ?? loaded);
        // Outside it is stored, inside it is not.
        if (view.outer === undefined && view.get(step.id) === undefined) view.put(step.id, loaded);
        return undefined;
      }
      case 'evict':
        view.evict([step.id]);
        return cache.evict(step.id);
      case 'evict tag':
        view.evict(IDS.filter((id) => id.startsWith(step.group)));
        return calls.evictTags([tag`group:${step.group}`]);
      case 'evict pattern':
        view.evict(IDS.filter((id) => id.startsWith(step.group)));
        await calls.evictMatching(step.group === 'a' ? pattern`item:a:*` : pattern`item:b:*`);
        return undefined;
      case 'clear':
        view.evict(IDS);
        return cache.clear();
      case 'transaction':
        return this.transaction(step, view);
    }
  }

  private async transaction(
    { steps, fails }: { readonly steps: readonly Step[]; readonly fails: boolean },
    outer: View,
  ): Promise<void> {
    const inner = new View(outer);
    const failure = new Error('fails');
    const running = this.engine.runtime.engine.transaction(async () => {
      await this.all(steps, inner);
      if (fails) throw failure;
    });
    if (fails) await expect(running).rejects.toBe(failure);
    else await running.then(() => inner.commit());
  }

  private next(): string {
    return `value ${(this.values += 1)}`;
  }
}

describe('transactions, whatever is done in them and around them', () => {
  let engine: EngineUnderTest;
  let cache: Cache<readonly [id: string], string>;

  beforeAll(async () => {
    engine = await startEngine();
    cache = engine.cache<string>({
      key: (id) => key`item:${id.charAt(0)}:${id}`,
      tags: (id) => [tag`group:${id.charAt(0)}`],
    });
  });

  afterAll(() => engine.runtime.close());

  it('show what was done inside them there, and outside at their end or never', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrary.steps, async (all) => {
        await cache.clear();
        await new Run(engine, cache).start(all);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 300) },
    );
  });
});
