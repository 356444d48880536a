/** The wish to run a job. Times are milliseconds, since the epoch by the caches' clock where they are moments. */
export interface JobClaim {
  /** Whoever asks. */
  readonly token: string;
  readonly now: number;
  /** How long the lease outlives a holder that has died. */
  readonly leaseMs: number;
  /** Which run is meant, by when it was due; nothing for one that is wanted in any case. */
  readonly due: number | undefined;
  /** Runs that are due within that time of each other are one and the same. */
  readonly apart: number;
  /** How long to remember what has been run. */
  readonly recordMs: number;
}

/** The answer to that. */
export type JobClaimed =
  /** Run it. `since`: when that began, with somebody who has died, perhaps. */
  | { readonly kind: 'granted'; readonly since: number }
  /** Somebody runs that run; the lease ends by itself after that many milliseconds. */
  | { readonly kind: 'held'; readonly forMs: number }
  /** Somebody runs another run of the job. */
  | { readonly kind: 'busy' }
  /** It has been run. */
  | { readonly kind: 'done' };

/**
 * The right to run a job, which one instance of the fleet has at a time.
 *
 * All of it rejects with CacheError `CACHE_REDIS_UNAVAILABLE` when nobody can be asked.
 */
export interface JobLeases {
  /** Asked again with the same token, it gives the same answer: the first one may have been lost. */
  claim(job: string, claim: JobClaim): Promise<JobClaimed>;
  /** Lets the lease live on. Tells whether it still holds. */
  keep(job: string, claim: Pick<JobClaim, 'token' | 'leaseMs' | 'recordMs'>): Promise<boolean>;
  /** Ends the lease. `done`: that run is not to be run again; else others may take it over. */
  end(job: string, claim: Pick<JobClaim, 'token' | 'recordMs' | 'due'>, done: boolean): Promise<void>;
}
