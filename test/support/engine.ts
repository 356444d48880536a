import { Logger } from '@nestjs/common';
import { defineCache, type CacheSpec } from '../../src/definition/define-cache.js';
import { Cache } from '../../src/cache-handle.js';
import { CacheRuntime } from '../../src/cache.runtime.js';
import type { CacheModuleOptions } from '../../src/cache.options.js';
import { resolveOptions } from '../../src/cache.options.resolved.js';
import { key } from '../../src/definition/template.js';
import type { CacheProblem, CacheRead } from '../../src/engine/events.js';

/** A running engine without Nest, with what it told about itself. */
export interface EngineUnderTest {
  readonly runtime: CacheRuntime;
  readonly reads: CacheRead[];
  readonly problems: CacheProblem[];
  /** A cache keyed by one text, with `item:<id>` for its key. */
  cache<Value = unknown>(
    spec?: Partial<CacheSpec<readonly [id: string], Value>>,
  ): Cache<readonly [id: string], Value>;
}

// What the engine logs is told by its events, too; the tests look at those.
Logger.overrideLogger(false);

let names = 0;

export async function startEngine(options: Partial<CacheModuleOptions> = {}): Promise<EngineUnderTest> {
  const runtime = new CacheRuntime(resolveOptions({ namespace: 'test', ...options }));
  const reads: CacheRead[] = [];
  const problems: CacheProblem[] = [];
  runtime.events.reads.subscribe((read) => reads.push(read));
  runtime.events.problems.subscribe((problem) => problems.push(problem));
  await runtime.open();
  return {
    runtime,
    reads,
    problems,
    cache: <Value>(spec: Partial<CacheSpec<readonly [id: string], Value>> = {}) => {
      const definition = defineCache<readonly [id: string], Value>({
        name: `cache-${(names += 1)}`,
        key: (id) => key`item:${id}`,
        ttl: '1m',
        jitter: 0,
        ...spec,
      });
      return new Cache<readonly [id: string], Value>(runtime.engine, runtime.engine.bind(definition), () =>
        runtime.options.clock.now(),
      );
    },
  };
}

/** A promise that is settled from outside: a load that takes exactly as long as the test wants. */
export class Gate<T> {
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}

/** A loader whose calls the test sees and answers one by one. */
export class ManualLoader<T> {
  readonly calls: Gate<T>[] = [];
  private readonly waiting: { readonly count: number; readonly tell: () => void }[] = [];

  readonly load = (): Promise<T> => {
    const gate = new Gate<T>();
    this.calls.push(gate);
    for (const { count, tell } of this.waiting) if (this.calls.length >= count) tell();
    return gate.promise;
  };

  /** Resolves when the loader has been called that often. */
  called(count: number): Promise<void> {
    if (this.calls.length >= count) return Promise.resolve();
    return new Promise((tell) => this.waiting.push({ count, tell }));
  }
}
