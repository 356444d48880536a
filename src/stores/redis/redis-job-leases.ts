import type { JobClaim, JobClaimed, JobLeases } from '../../engine/job-leases.js';
import { claimJobScript } from './lua/claim-job.lua.js';
import { endJobScript } from './lua/end-job.lua.js';
import { keepJobScript } from './lua/keep-job.lua.js';
import type { RedisClient } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';

/** The right to run jobs, in Redis: two keys in one slot for each job. */
export class RedisJobLeases implements JobLeases {
  /** @param run carries an operation out, or rejects when Redis can't be asked */
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
    private readonly run: <T>(act: () => Promise<T>) => Promise<T>,
  ) {}

  claim(job: string, { token, leaseMs, due, apart, now, recordMs }: JobClaim): Promise<JobClaimed> {
    const whole = (ms: number | undefined) => (ms === undefined ? '' : Math.round(ms));
    const args = [token, leaseMs, whole(due), Math.round(apart), Math.round(now), recordMs];
    return this.run(async () => claimedIn(await claimJobScript.run(this.client, this.keysOf(job), args)));
  }

  keep(
    job: string,
    { token, leaseMs, recordMs }: Pick<JobClaim, 'token' | 'leaseMs' | 'recordMs'>,
  ): Promise<boolean> {
    const args = [token, leaseMs, recordMs];
    return this.run(async () => (await keepJobScript.run(this.client, this.keysOf(job), args)) === 1);
  }

  async end(
    job: string,
    { token, recordMs, due }: Pick<JobClaim, 'token' | 'recordMs' | 'due'>,
    done: boolean,
  ): Promise<void> {
    // A run that was not due leaves the record of those that were as it is: one of them may be interrupted.
    const args = [token, recordMs, done && due !== undefined ? 1 : 0];
    await this.run(() => endJobScript.run(this.client, this.keysOf(job), args));
  }

  private keysOf(job: string): [record: string, lease: string] {
    return [this.keys.jobRecord(job), this.keys.jobLease(job)];
  }
}

/** What was garbled on its way would make two instances run, or none. */
function claimedIn(reply: unknown): JobClaimed {
  const [kind, time] = Array.isArray(reply) ? reply.map(Number) : [];
  if (kind === 0 && time !== undefined && time > 0) return { kind: 'granted', since: time };
  if (kind === 1 && time !== undefined) return { kind: 'held', forMs: Math.max(time, 0) };
  if (kind === 2) return { kind: 'busy' };
  if (kind === 3) return { kind: 'done' };
  throw new TypeError('Redis answered something else than was asked for.');
}
