import type { Duration } from '../definition/duration.js';
import type { CacheAlertRule } from './alert-rule.js';

/** Options of `CacheAlertsModule`. Each rule is left out with `false`. */
export interface CacheAlertsOptions {
  /** How often rules are evaluated. @default '15s' */
  readonly interval?: Duration;
  /** Share of reads that were answered without loading, in the last 5 minutes. */
  readonly hitRatio?:
    | false
    | {
        /** @default 0.7 */
        readonly below?: number;
        /** @default 0.75 */
        readonly clear?: number;
        /** Reads from which the share says something. @default 100 */
        readonly reads?: number;
      };
  /** Share of Redis's `maxmemory` that is used, of the master that is fullest. */
  readonly memory?:
    | false
    | {
        /** @default 0.8 */
        readonly above?: number;
        /** @default 0.75 */
        readonly clear?: number;
      };
  /** What reads take on average that memory can't answer, their loads included, in the last minute. */
  readonly responseTime?:
    | false
    | {
        /** @default '1s' */
        readonly above?: Duration;
        /** @default '800ms' */
        readonly clear?: Duration;
        /** Reads from which the average says something. @default 10 */
        readonly reads?: number;
      };
  /** Share of operations on Redis that failed, in the last minute. */
  readonly errors?:
    | false
    | {
        /** @default 0.05 */
        readonly above?: number;
        /** @default 0.02 */
        readonly clear?: number;
        /** Operations from which the share says something. @default 20 */
        readonly operations?: number;
      };
  /** There is no connection to Redis. */
  readonly disconnected?:
    | false
    | {
        /** How long it has to be away, and then to be back. @default '5s' */
        readonly after?: Duration;
      };
  /** Rules of your own. */
  readonly rules?: readonly CacheAlertRule[];
}
