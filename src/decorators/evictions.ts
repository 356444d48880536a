import type { CacheTag } from '../definition/template.js';
import { CacheError } from '../errors.js';
import type { MethodCall } from './method-call.js';
import type { EvictStep } from './method-plan.js';
import { pickArguments, pickPattern, pickTags } from './picked.js';
import { settle } from './settle.js';

/**
 * The evictions marked `before`. The method has not run yet, so a selector that fails, or a key that cannot be
 * made, fails the call; an eviction that fails is reported.
 */
export async function evictBefore(steps: readonly EvictStep[], call: MethodCall): Promise<void> {
  const { service, plan, args } = call;
  const evictions = new Evictions(call);
  for (const step of steps) evictions.add(step, args);
  await settle(evictions.start(), (error) => {
    if (error instanceof CacheError && error.code === 'CACHE_INVALID_KEY') throw error;
    service.reportProblem(`eviction before ${plan.where}`, error);
  });
}

/** The evictions that follow a call. Each is tried, and what fails is reported. */
export async function evictAfter(
  steps: readonly EvictStep[],
  call: MethodCall,
  result: unknown,
): Promise<void> {
  const { service, plan, args } = call;
  const report = (error: unknown) => service.reportProblem(`eviction after ${plan.where}`, error);
  const evictions = new Evictions(call);
  for (const step of steps) {
    try {
      evictions.add(step, [result, ...args]);
    } catch (error) {
      report(error);
    }
  }
  await settle(evictions.start(), report);
}

/** Evictions that run side by side, all tags as one. */
class Evictions {
  readonly #tags = new Set<CacheTag>();
  readonly #work: (() => Promise<unknown>)[] = [];

  constructor(private readonly call: MethodCall) {}

  /** Asks the selector of a step what to evict. */
  add({ target }: EvictStep, given: readonly unknown[]): void {
    const { call } = this;
    const { service } = call;
    switch (target.kind) {
      case 'all':
        this.#work.push(() => service.cache(target.definition).clear());
        break;
      case 'entry': {
        const args = pickArguments(call, target.select, given, target.definition);
        this.#work.push(() => service.cache(target.definition).evict(...args));
        break;
      }
      case 'tags':
        for (const tag of pickTags(call, target.tags, given)) this.#tags.add(tag);
        break;
      case 'pattern': {
        const pattern = pickPattern(call, target.pattern, given);
        this.#work.push(() => service.evictPattern(pattern));
        break;
      }
    }
  }

  start(): Promise<unknown>[] {
    const started = this.#work.map(async (evict) => evict());
    if (this.#tags.size > 0) started.push(this.call.service.evictTags(...this.#tags));
    return started;
  }
}
