import type { CacheService } from '../cache.service.js';
import type { UserFunction } from './user-function.js';

/** One call of a decorated method. */
export interface MethodCall {
  /** Class and method, for messages. */
  readonly where: string;
  /** The service of the application that the instance belongs to. */
  readonly service: CacheService;
  readonly instance: object;
  readonly args: readonly unknown[];
  /** Runs the method with the arguments of the call. */
  readonly proceed: () => unknown;
  /** The method itself, to be applied to the instance with other arguments. */
  readonly original: UserFunction;
}
