import type { JobClaim, JobClaimed, JobLeases } from '../engine/job-leases.js';
import type { CacheErrorCode } from '../errors.js';
import { newToken } from '../engine/token.js';
import type { Timing } from './timing.js';
import type { StopSignal } from './stop-signal.js';
import type { Due } from './warmup.scheduler.js';

const UNAVAILABLE: CacheErrorCode = 'CACHE_REDIS_UNAVAILABLE';

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

/** The wish to run a warmup. One who asks again asks for the same: the answer that was lost may have been a yes. */
export interface Bid {
  /** @throws CacheError `CACHE_REDIS_UNAVAILABLE` */
  ask(): Promise<Lead | Exclude<JobClaimed, { kind: 'granted' }>>;
  /** Leaves no lease behind that was taken without an answer. Never rejects. */
  giveUp(): Promise<void>;
}

/** Whether nobody could be asked. */
export function isUnavailable(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === UNAVAILABLE;
}

/** Sees that one instance of the fleet runs a warmup. */
export class WarmupLeader {
  constructor(private readonly parts: LeaderParts) {}

  /**
   * Wants the right to run it.
   *
   * @param due nothing for a run that is wanted in any case
   * @param interval milliseconds between two runs
   */
  bid(job: string, due: Due | undefined, interval: number): Bid {
    const { leaseMs, now } = this.parts;
    const leases = this.parts.leases();
    if (leases === undefined) {
      const lead = { kind: 'granted' as const, keep: () => () => undefined, end: () => Promise.resolve() };
      return { ask: () => Promise.resolve({ ...lead, since: now() }), giveUp: () => Promise.resolve() };
    }
    const wish = {
      leaseMs,
      due: due?.at,
      apart: due?.apart ?? 0,
      // Long enough for instances whose clocks differ, and for those that look at it late.
      recordMs: Math.round(2 * interval) + leaseMs,
    };
    let token = newToken();
    const end = (done: boolean) => leases.end(job, { ...wish, token }, done).catch(() => undefined);
    return {
      ask: async () => {
        const claim: JobClaim = { ...wish, token, now: now() };
        const claimed = await leases.claim(job, claim);
        if (claimed.kind !== 'granted') return claimed;
        return {
          ...claimed,
          keep: (run) => this.keep(leases, job, claim, run),
          end: async (done) => {
            await end(done);
            // If that comes late, it ends no lease that is taken from now on.
            token = newToken();
          },
        };
      },
      giveUp: () => end(false),
    };
  }

  /** Whether Redis answers. In memory there is nobody to be asked. */
  async reaches(job: string): Promise<boolean> {
    const leases = this.parts.leases();
    if (leases === undefined) return true;
    // Nobody has that token, so nothing is kept.
    const nobody = { token: newToken(), leaseMs: 1, recordMs: 1 };
    return leases.keep(job, nobody).then(
      () => true,
      (error: unknown) => !isUnavailable(error),
    );
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
