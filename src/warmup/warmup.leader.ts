import type { JobClaim, JobClaimed, JobLeases } from '../engine/job-leases.js';
import { newToken } from '../engine/token.js';
import type { Timing } from './timing.js';
import type { StopSignal } from './stop-signal.js';
import type { Due } from './warmup.scheduler.js';

export interface LeaderParts {
  /** None in memory: there is one instance. */
  readonly leases: () => JobLeases | undefined;
  readonly timing: Timing;
  /** Milliseconds since the epoch, for all instances. */
  readonly now: () => number;
  readonly leaseMs: number;
}

/** The right to run a warmup, while one has it. */
export interface Lead {
  readonly kind: 'granted';
  /** When the run began: with somebody who has died meanwhile, perhaps. */
  readonly since: number;
  /** Keeps the lease until the function that it returns is called; stops the run when it is lost. */
  keep(run: StopSignal): () => void;
  /** `done`: nobody is to run that run again. Never rejects. */
  end(done: boolean): Promise<void>;
}

/** Sees that one instance of the fleet runs a warmup. */
export class WarmupLeader {
  constructor(private readonly parts: LeaderParts) {}

  /**
   * Asks for the right to run it.
   *
   * @param due nothing for a run that is wanted in any case
   * @param interval milliseconds between two runs
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE`
   */
  async claim(
    job: string,
    due: Due | undefined,
    interval: number,
  ): Promise<Lead | Exclude<JobClaimed, { kind: 'granted' }>> {
    const { leaseMs } = this.parts;
    const now = this.parts.now();
    const leases = this.parts.leases();
    if (leases === undefined) {
      return { kind: 'granted', since: now, keep: () => () => undefined, end: () => Promise.resolve() };
    }
    const claim: JobClaim = {
      token: newToken(),
      now,
      leaseMs,
      due: due?.at,
      apart: due?.apart ?? 0,
      // Long enough for instances whose clocks differ, and for those that look at it late.
      recordMs: Math.round(2 * interval) + leaseMs,
    };
    const claimed = await leases.claim(job, claim);
    if (claimed.kind !== 'granted') return claimed;
    return {
      ...claimed,
      keep: (run) => this.keep(leases, job, claim, run),
      end: (done) => leases.end(job, claim, done).catch(() => undefined),
    };
  }

  private keep(leases: JobLeases, job: string, claim: JobClaim, run: StopSignal): () => void {
    const { timing, leaseMs } = this.parts;
    const ended = new AbortController();
    const renew = async () => {
      let holdsUntil = timing.now() + leaseMs;
      for (;;) {
        await timing.sleep(leaseMs / 3, ended.signal);
        if (ended.signal.aborted) return;
        const askedAt = timing.now();
        // Nothing when Redis could not be asked: then it holds as long as it did.
        const holds = await leases.keep(job, claim).catch(() => undefined);
        if (holds === true) holdsUntil = askedAt + leaseMs;
        else if (holds === false || timing.now() >= holdsUntil) {
          run.stop(holds === false ? 'another instance may run it' : 'Redis can’t be reached');
          return;
        }
      }
    };
    void renew();
    return () => ended.abort();
  }
}
