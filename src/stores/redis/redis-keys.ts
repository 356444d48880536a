/**
 * Where things lie in Redis. The braces put the lease of an entry into the entry's cluster slot; keys and tags
 * never hold braces themselves.
 */
export class RedisKeys {
  /** Name of the bus's channel. */
  readonly bus: string;
  /** Where it is said which caches were enabled or disabled at run time. */
  readonly switches: string;

  constructor(private readonly namespace: string) {
    this.bus = `${namespace}~bus`;
    this.switches = `${namespace}~switches`;
  }

  /** What one instance writes to see whether it can. */
  probe(instance: string): string {
    return `${this.namespace}~probe:${instance}`;
  }

  entry(key: string): string {
    return `${this.namespace}:${key}`;
  }

  lease(key: string): string {
    return `${this.namespace}~lease:{${this.namespace}:${key}}`;
  }

  tag(tag: string): string {
    return `${this.namespace}~tag:${tag}`;
  }

  /** What is remembered of the runs of a job. Jobs are the warmups; their names hold no braces either. */
  jobRecord(job: string): string {
    return `${this.namespace}~warmup:{${job}}`;
  }

  /** The right to run a job, in the slot of its record. */
  jobLease(job: string): string {
    return `${this.jobRecord(job)}:lease`;
  }

  /** What every lease of a key that begins with `prefix` begins with. */
  leasePrefix(prefix: string): string {
    return `${this.namespace}~lease:{${this.namespace}:${prefix}`;
  }

  /** The key of an entry as the engine knows it, from its full name in Redis. */
  keyOfEntry(entry: string): string {
    return entry.slice(this.namespace.length + 1);
  }

  /** The key that a lease is for, from its full name in Redis. */
  keyOfLease(lease: string): string {
    return lease.slice(this.leasePrefix('').length, -1);
  }
}

/** Makes text mean itself in a SCAN MATCH pattern. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&');
}
