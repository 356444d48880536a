import { setTimeout as delay } from 'node:timers/promises';
import type { CacheRuntime } from '../../src/cache.runtime.js';
import { pattern, tag } from '../../src/definition/template.js';
import { epochMs } from './fault-clock.js';
import type { Acknowledged, Call, FaultSpec, Got, LoadReport } from './fault-protocol.js';
import {
  groupOf,
  isTaggedByCall,
  isTaggedByValue,
  ownedItem,
  racedItems,
  SHARED_ITEMS,
} from './fleet-items.js';
import { callTagsOf, type Raced } from './fleet-raced.js';
import type { VersionSource } from './fleet-source.js';

/** How often a process reads, and writes, whatever became of the calls before. */
const READ_EVERY_MS = 4;
const WRITE_EVERY_MS = 30;
/** Longest pause of a loader before, and after, it asks the source. */
const LOADER_MS = 8;
const BATCH = 3;
/** No call may take that long, so none that has is waited for. */
const PATIENCE_MS = 15_000;

/** What the loader of one call did. */
class Loading {
  /** How long it was at work in all, milliseconds. */
  ms = 0;
  private readonly counts = new Map<string, number>();
  private running = 0;
  private since = 0;

  /** How often it ran for the same item, at most. */
  get loads(): number {
    return Math.max(0, ...this.counts.values());
  }

  begin(items: readonly string[]): void {
    for (const item of items) this.counts.set(item, (this.counts.get(item) ?? 0) + 1);
    if (this.running === 0) this.since = performance.now();
    this.running += 1;
  }

  end(): void {
    this.running -= 1;
    if (this.running === 0) this.ms += performance.now() - this.since;
  }
}

/** The steady load of one process: reads, loads, and evictions of all kinds, as users would cause them. */
export class FaultLoad {
  private readonly calls: { readonly call: Omit<Call, 'loads'>; readonly loading: Loading }[] = [];
  private readonly acknowledged: Acknowledged[] = [];
  private readonly floors = new Map<string, number>();
  private readonly running = new Map<Promise<unknown>, string>();
  private readonly items: readonly string[];
  private readonly owned: string;
  private timers: NodeJS.Timeout[] = [];
  private turn: number;

  constructor(
    { member, members }: FaultSpec,
    private readonly runtime: CacheRuntime,
    private readonly raced: Raced,
    private readonly source: VersionSource,
  ) {
    this.items = racedItems(members);
    this.owned = ownedItem(member);
    this.turn = member;
  }

  start(): void {
    this.timers = [
      setInterval(() => this.read(), READ_EVERY_MS),
      setInterval(() => this.write(), WRITE_EVERY_MS),
    ];
  }

  /** Begins no more calls; resolves when those under way have been answered, or have taken too long. */
  async stop(): Promise<Pick<LoadReport, 'calls' | 'acknowledged' | 'unanswered'>> {
    for (const timer of this.timers) clearInterval(timer);
    const patience = new AbortController();
    await Promise.race([
      Promise.all(this.running.keys()),
      delay(PATIENCE_MS, undefined, patience).catch(() => undefined),
    ]);
    patience.abort();
    const calls = this.calls.map(({ call, loading: { loads } }) => ({ ...call, loads }));
    return { calls, acknowledged: this.acknowledged, unanswered: [...this.running.values()] };
  }

  private read(): void {
    const item = anyOf(this.items);
    const cache = this.raced.of(item);
    const dice = Math.random();
    if (dice < 0.1) this.track('read', 'get', [item], async () => [await cache.get(item)]);
    else if (dice < 0.2) this.readBatch(item);
    else {
      this.track('read', 'getOrLoad', [item], async (loading) => [
        await cache.getOrLoad([item], () => this.load([item], loading).then(([version = 0]) => version), {
          tags: callTagsOf(item),
        }),
      ]);
    }
  }

  /** Reads several items of the same cache as this one, of those to whose tags a call adds none. */
  private readBatch(sample: string): void {
    const cache = this.raced.of(sample);
    const loadable = this.items.filter((item) => this.raced.of(item) === cache && !isTaggedByCall(item));
    const batch = Array.from({ length: BATCH }, () => anyOf(loadable));
    const argsList = batch.map((item) => [item] as const);
    this.track('read', 'getOrLoadMany', batch, (loading) =>
      cache.getOrLoadMany(argsList, (missing) =>
        this.load(
          missing.map(([item]) => item),
          loading,
        ),
      ),
    );
  }

  private async load(items: readonly string[], loading: Loading): Promise<number[]> {
    loading.begin(items);
    await delay(Math.random() * LOADER_MS);
    const versions = await Promise.all(items.map((item) => this.source.version(item)));
    await delay(Math.random() * LOADER_MS);
    loading.end();
    return versions;
  }

  /** Changes the source, then evicts or puts, one way after the other. */
  private write(): void {
    const { writes } = this.runtime.engine;
    const item = anyOf(SHARED_ITEMS);
    const { owned } = this;
    const cache = this.raced.of(item);
    const group = SHARED_ITEMS.filter((other) => groupOf(other) === groupOf(item));
    // The owned items are in the other one: nothing but its owner's evictions may keep them up to date.
    const cleared = SHARED_ITEMS.filter(isTaggedByValue);
    const ways: (() => void)[] = [
      () => this.change('evict by key', [item], () => cache.evict(item)),
      // Only its owner changes that one: what it puts is the newest there is.
      () => this.change('put', [owned], ([version = 0]) => this.raced.of(owned).set([owned], version)),
      () => this.change('evict by tag', [item], () => writes.evictTags([tag`item:${item}`])),
      () => this.change('evict by pattern', [item], () => writes.evictMatching(pattern`raced:${item}*`)),
      () => this.change('evict by tag', group, () => writes.evictTags([tag`group:${groupOf(item)}`])),
      () => this.change('evict keys', group, () => cache.evictMany(group.map((other) => [other] as const))),
      () => this.change('put', [owned], ([version = 0]) => this.raced.of(owned).set([owned], version)),
      () => this.change('evict by key', [owned], () => this.raced.of(owned).evict(owned)),
      () => this.change('evict by tag', [item], () => writes.evictTags([tag`item:${item}`])),
      () => this.change('clear', cleared, () => this.raced.of(cleared[0] ?? '').clear()),
    ];
    ways[(this.turn += 1) % ways.length]?.();
  }

  private change(
    way: string,
    items: readonly string[],
    evict: (versions: readonly number[]) => Promise<unknown>,
  ): void {
    const changed = async () => {
      const versions = await this.source.change(items);
      const done = await this.measure('write', way, [], async () => {
        await evict(versions);
        return [];
      });
      if (!done) return;
      for (const [i, item] of items.entries()) {
        const version = versions[i] ?? 0;
        this.floors.set(item, Math.max(version, this.floors.get(item) ?? 0));
        this.acknowledged.push({ item, version, at: epochMs() });
      }
    };
    this.watch(way, changed());
  }

  private track(
    kind: Call['kind'],
    way: string,
    items: readonly string[],
    act: (loading: Loading) => Promise<readonly (number | undefined)[]>,
  ): void {
    this.watch(way, this.measure(kind, way, items, act));
  }

  /** Makes a call, and notes what came of it. Tells whether it was fulfilled. */
  private async measure(
    kind: Call['kind'],
    way: string,
    items: readonly string[],
    act: (loading: Loading) => Promise<readonly (number | undefined)[]>,
  ): Promise<boolean> {
    const loading = new Loading();
    const floors = items.map((item) => this.floors.get(item) ?? 0);
    const at = epochMs();
    const since = performance.now();
    let got: readonly Got[] = [];
    let error: string | undefined;
    try {
      const versions = await act(loading);
      got = items.flatMap((item, i) => {
        const version = versions[i];
        return version === undefined ? [] : [{ item, version, floor: floors[i] ?? 0 }];
      });
    } catch (thrown) {
      error = String(thrown);
    }
    const ms = performance.now() - since;
    const call = {
      kind,
      way,
      at,
      ms,
      loaderMs: loading.ms,
      got,
      ...(error !== undefined && { error }),
    };
    this.calls.push({ call, loading });
    return error === undefined;
  }

  private watch(way: string, call: Promise<unknown>): void {
    const done = call.finally(() => this.running.delete(done));
    this.running.set(done, way);
  }
}

function anyOf(items: readonly string[]): string {
  return items[Math.floor(Math.random() * items.length)] ?? '';
}
