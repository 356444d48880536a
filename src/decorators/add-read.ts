import type { MethodPlan, ReadingStep } from './method-plan.js';
import { misuse } from './misuse.js';

/**
 * Adds a step that answers calls to the plan of a method.
 *
 * @throws CacheError `CACHE_INVALID_USE` when it does not go together with those that are there
 */
export function addRead(plan: MethodPlan, step: ReadingStep): void {
  if (plan.reads.some(({ decorator }) => [decorator, step.decorator].includes('CacheableMany'))) {
    throw misuse(
      `Expected @CacheableMany of ${plan.where} to be the only decorator that answers calls, got another one beside it.`,
      'To store the values in a second cache, use @CachePut.',
      'To look them up in a second cache, call a method that has the other decorator.',
    );
  }
  if (plan.reads.some(({ cache }) => cache.identity === step.cache.identity)) {
    throw misuse(
      `Expected each @Cacheable of ${plan.where} to have a cache of its own, got two with the same one.`,
      'Leave one of them out.',
      'To look up two entries of one cache, call a method that has the other @Cacheable.',
    );
  }
  plan.addRead(step);
}
