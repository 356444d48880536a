import { isDeepStrictEqual } from 'node:util';
import type { Item, Value } from './flavours.js';

/** A value that the source gave. Its number is the moment at which its loader was called, or its put began. */
export interface Version {
  readonly number: number;
  readonly item: Item;
  readonly org: number;
  /** The call that it was loaded for; `undefined` for a put. */
  readonly read?: Read | undefined;
  /** When an entry may have been made of it last, by the clock; `Infinity` while that can still happen. */
  madeAt: number;
}

/** The loader has failed. */
export class LoadFailure extends Error {
  constructor(
    readonly items: readonly Item[],
    /** When the loader was called. */
    readonly since: number,
    /** The call that it was for. */
    readonly read: Read,
  ) {
    super(`load ${since} failed`);
  }
}

/** Something that makes all that was loaded or put before it unusable: an eviction, or a put. */
export interface Eviction {
  readonly what: string;
  readonly by: number;
  /** When it began. */
  readonly since: number;
  /** When it was acknowledged. */
  acknowledged?: number;
  /** When it held in all processes. */
  until?: number;
  /** What bus messages about it name. */
  readonly names: readonly string[];
  /** Whether it concerns an item, with a value of that organization. */
  readonly covers: (item: Item, org: number | undefined) => boolean;
  /** Whether it ends leases: afterwards another load may begin beside one that goes on. */
  readonly endsLeases: boolean;
  /** Puts that were under way when it began, and may come after it. */
  readonly spares: ReadonlySet<Version>;
}

/** A call that reads, with what was known when it began. */
export interface Read {
  readonly what: string;
  readonly engine: number;
  readonly since: number;
  readonly at: number;
  /** Whether what is loaded for it may be stored. */
  readonly isStoring: boolean;
  /** The evictions that it must respect. */
  readonly after: readonly Eviction[];
  /** When it ended. */
  until?: number;
}

/**
 * The simple model: everything that happened, in order. Time is a counter of events. An eviction holds in its own
 * process from when it is acknowledged, in the other one from when its message has come.
 */
export class Ledger {
  /** What must not be, in the words of the report. */
  readonly faults: string[] = [];
  readonly evictions: Eviction[] = [];
  /** When Redis lost the lease of an item. */
  readonly lostLeases: { readonly item: Item; readonly at: number }[] = [];
  /** Loads that wait for an answer. */
  held = 0;
  private readonly holding: Eviction[][];
  private readonly versions = new Map<number, Version>();
  private readonly touched = new Map<string, number>();
  private moment = 0;

  constructor(
    engines: number,
    private readonly clock: () => number,
  ) {
    this.holding = Array.from({ length: engines }, () => []);
  }

  tick(): number {
    return (this.moment += 1);
  }

  fault(text: string): void {
    if (!this.faults.includes(text)) this.faults.push(text);
  }

  version(fields: Omit<Version, 'number' | 'madeAt'>): Version {
    const version = { ...fields, number: this.tick(), madeAt: Infinity };
    this.versions.set(version.number, version);
    return version;
  }

  evicting(fields: Omit<Eviction, 'since' | 'spares'>): Eviction {
    const puts = [...this.versions.values()].filter(({ read, madeAt }) => !read && madeAt === Infinity);
    const eviction = { ...fields, since: this.tick(), spares: new Set(puts) };
    this.evictions.push(eviction);
    return eviction;
  }

  /** From now on the eviction holds in a process. */
  holds(eviction: Eviction, engine: number): void {
    this.holding[engine]?.push(eviction);
    if (this.holding.every((list) => list.includes(eviction))) eviction.until = this.tick();
  }

  isHolding(eviction: Eviction, engine: number): boolean {
    return this.holding[engine]?.includes(eviction) ?? false;
  }

  reading(fields: Pick<Read, 'engine' | 'what' | 'isStoring'>): Read {
    const { engine } = fields;
    return { ...fields, since: this.tick(), at: this.clock(), after: [...(this.holding[engine] ?? [])] };
  }

  /** An entry of the item may have been given a new life until now; `Infinity`: while this goes on. */
  touching(item: Item, until: number): void {
    this.touched.set(item.key, until);
  }

  /** How often an item was loaded since a moment. */
  loadsOf(item: Item, since: number): number {
    const versions = [...this.versions.values()];
    return versions.filter((version) => version.item === item && version.read && version.number > since)
      .length;
  }

  /** Notes a fault if a value is none that the read may give. */
  judge(read: Read, item: Item, value: unknown): Version | undefined {
    const version = this.versions.get((value as Partial<Value> | undefined)?.version ?? 0);
    const what = `${read.what} gave ${versionText(item, version)}`;
    if (version?.item !== item || !isDeepStrictEqual(value, valueOf(version))) {
      this.fault(`${what}, which the source never had: ${JSON.stringify(value)}`);
      return undefined;
    }
    for (const eviction of read.after) {
      if (!eviction.covers(item, version.org) || version.number >= eviction.since) continue;
      if (!eviction.spares.has(version))
        this.fault(`${what}, older than ${eviction.what} at ${eviction.since}`);
    }
    const isOver = (version.read?.until ?? Infinity) < read.since;
    if (isOver && version.read?.isStoring === false) this.fault(`${what}, which was not to be stored`);
    const madeAt = Math.max(version.madeAt, this.touched.get(item.key) ?? 0);
    const isUnderWay = version.read !== undefined && !isOver;
    if (!isUnderWay && read.at >= madeAt + item.flavour.usableFor) this.fault(`${what}, which had expired`);
    return version;
  }

  /** The same for a read that failed. */
  judgeFailure(read: Read, items: readonly Item[], error: unknown): void {
    if (!(error instanceof LoadFailure) || !error.items.some((item) => items.includes(item))) {
      this.fault(`${read.what} failed: ${String(error)}`);
      return;
    }
    const what = `${read.what} failed as load ${error.since} did`;
    const { until = Infinity } = error.read;
    if (until < read.since) this.fault(`${what}, of which its own caller heard at ${until}`);
    for (const eviction of read.after) {
      if (error.since >= eviction.since) continue;
      if (items.every((item) => !error.items.includes(item) || eviction.covers(item, undefined))) {
        this.fault(`${what}, which began before ${eviction.what} at ${eviction.since}`);
      }
    }
  }
}

/** What the source gives for a version: each time another object. */
export function valueOf({ number, item, org }: Version): Value {
  return {
    item: item.key,
    version: number,
    org,
    list: ['version', String(number)],
    at: new Date(number),
    by: new Map([[item.key, number]]),
    nothing: undefined,
  };
}

/** Changes a value in every way: nobody else may notice. */
export function spoil(value: Value): void {
  value.list.push('spoilt');
  value.at.setTime(0);
  value.by.clear();
  Object.assign(value, { version: -1, org: -1 });
}

function versionText({ key }: Item, version: Version | undefined): string {
  if (version === undefined) return `no version of ${key}`;
  return `version ${version.number} of ${version.item.key}`;
}
