/** What is counted of a cache. Times are milliseconds. */
export interface Tally {
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  readonly bypasses: number;
  /** Entries that could not be opened. */
  readonly invalid: number;
  /** Of the hits, those that Redis answered. */
  readonly l2Hits: number;
  /** Of the stale ones, those that Redis answered. */
  readonly l2Stale: number;
  /** Misses that shared a load that was under way. */
  readonly shared: number;
  readonly loads: number;
  readonly failedLoads: number;
  /** What the loads took, together. */
  readonly loadMs: number;
  /** What the loads had taken whose values were served without loading. */
  readonly savedMs: number;
  /** How long reads took that memory could not answer, together. */
  readonly waitMs: number;
}

const FIELDS = [
  ...(['hits', 'stale', 'misses', 'bypasses', 'invalid', 'l2Hits', 'l2Stale', 'shared'] as const),
  ...(['loads', 'failedLoads', 'loadMs', 'savedMs', 'waitMs'] as const),
] as const satisfies readonly (keyof Tally)[];

/** How exactly windows begin, milliseconds. */
export const BUCKET_MS = 10_000;
/** The longest window that can be asked for, milliseconds. */
export const LONGEST_WINDOW_MS = 15 * 60_000;
const SLOTS = LONGEST_WINDOW_MS / BUCKET_MS + 1;

/**
 * What a cache came to since the start, and lately. It is added to directly, after `at(now)`: whoever is the first to
 * count in a bucket of time leaves what had been counted before in a ring. While nobody counts, nothing runs.
 */
export class CacheCounts implements Tally {
  hits = 0;
  stale = 0;
  misses = 0;
  bypasses = 0;
  invalid = 0;
  l2Hits = 0;
  l2Stale = 0;
  shared = 0;
  loads = 0;
  failedLoads = 0;
  loadMs = 0;
  savedMs = 0;
  waitMs = 0;
  /** The current bucket of time: from, and up to. */
  private from = Infinity;
  private until = Infinity;
  /** For each bucket what had been counted when it began, in the order of the fields. Made by the first count. */
  private before: Float64Array | undefined;
  private readonly bucketIn = new Float64Array(SLOTS).fill(-1);

  /** To be called before something is added. */
  at(now: number): this {
    if (now >= this.until || now < this.from) this.begin(now);
    return this;
  }

  /** What has been counted within the last `ms` milliseconds. The window begins with a whole bucket. */
  within(ms: number, now: number): Tally {
    const first = Math.floor((now - Math.min(ms, LONGEST_WINDOW_MS)) / BUCKET_MS);
    const last = Math.floor(now / BUCKET_MS);
    for (let bucket = first; bucket <= last; bucket += 1) {
      if (this.bucketIn[slotOf(bucket)] === bucket) return this.since(slotOf(bucket));
    }
    return NOTHING;
  }

  private begin(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (now < this.from) this.forget(bucket, this.from - now > BUCKET_MS);
    this.from = bucket * BUCKET_MS;
    this.until = this.from + BUCKET_MS;
    const slot = slotOf(bucket);
    // Begun before, when the clock was not yet set back by a little.
    if (this.bucketIn[slot] === bucket) return;
    this.before ??= new Float64Array(SLOTS * FIELDS.length);
    for (const [i, field] of FIELDS.entries()) this.before[slot * FIELDS.length + i] = this[field];
    this.bucketIn[slot] = bucket;
  }

  /**
   * The clock was set back. Buckets that are yet to come would count all since they were there before; if it was far,
   * those of before would, too.
   */
  private forget(bucket: number, isFar: boolean): void {
    for (const [slot, known] of this.bucketIn.entries()) {
      if (isFar || known > bucket) this.bucketIn[slot] = -1;
    }
  }

  private since(slot: number): Tally {
    return tally((field, i) => this[field] - (this.before?.[slot * FIELDS.length + i] ?? 0));
  }
}

const NOTHING = tally(() => 0);

function tally(valueOf: (field: keyof Tally, i: number) => number): Tally {
  return Object.fromEntries(FIELDS.map((field, i) => [field, valueOf(field, i)])) as Record<
    keyof Tally,
    number
  >;
}

function slotOf(bucket: number): number {
  return ((bucket % SLOTS) + SLOTS) % SLOTS;
}
