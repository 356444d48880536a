import type { CacheService } from '../cache.service.js';
import type { MethodPlan } from './method-plan.js';

/** One call of a decorated method. */
export interface MethodCall {
  readonly plan: MethodPlan;
  /** The service of the application that the instance belongs to. */
  readonly service: CacheService;
  readonly instance: object;
  readonly args: readonly unknown[];
  /** Runs the method itself. */
  readonly proceed: () => unknown;
}
