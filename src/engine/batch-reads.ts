import type { Found } from '../stores/store.js';
import { loadAll, type ArgsList, type BatchLoader } from './batch-loader.js';
import { BatchCall } from './batch-call.js';
import { readAll } from './read-all.js';
import type { BoundCache } from './bound-cache.js';
import { Deferred } from './deferred.js';
import type { EntryReader } from './entry-reader.js';
import type { Flight, Flights } from './flights.js';
import { NOBODY, type Audience, type Loader } from './how-to-load.js';
import type { Loads } from './loads.js';
import type { Outcome } from './outcome.js';
import type { Patience } from './patience.js';
import type { ReadCounter } from './read-counter.js';
import type { BatchOverrides, ReadRequest } from './read-request.js';
import type { Reloads } from './reloads.js';

export interface BatchReadsParts {
  readonly entries: EntryReader;
  readonly loads: Loads;
  readonly reloads: Reloads;
  readonly flights: Flights<Outcome>;
  /** Waits for a flight of somebody else, or loads when that takes too long. */
  readonly join: (flight: Flight<Outcome>, request: ReadRequest, loader: Loader) => Promise<Outcome>;
  readonly counter: ReadCounter;
  readonly patienceFor: (cache: BoundCache) => Patience;
  readonly request: (
    cache: BoundCache,
    args: readonly unknown[],
    key: string,
    patience: Patience,
    overrides: BatchOverrides | undefined,
  ) => ReadRequest;
}

/** One key of a batch, however often it was asked for. */
interface Item {
  readonly request: ReadRequest;
  /** Where it stands in the caller's list. */
  readonly positions: number[];
}

/** A key that is to be loaded, and what was found under it. */
interface Wanted {
  readonly request: ReadRequest;
  readonly found: Found;
  readonly audience: Audience;
}

/** Reads of many keys: the same steps as of one, each taken for all keys together. */
export class BatchReads {
  constructor(private readonly parts: BatchReadsParts) {}

  /** What is stored under the keys, without loading. In the order of the list; `undefined` where there is nothing. */
  async find(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    const { entries, counter } = this.parts;
    const since = performance.now();
    const { results, items } = this.fromL1(cache, argsList);
    const founds = await readAll(
      cache,
      items.map(({ request }) => request),
    );
    const now = entries.now();
    for (const [i, { request, positions }] of items.entries()) {
      const outcome = entries.usable(request, founds[i]!, now);
      for (const position of positions) {
        results[position] = outcome;
        counter.count(cache, request.key, {
          outcome: outcome?.kind ?? 'miss',
          tier: outcome?.tier,
          entry: outcome?.entry,
          since,
        });
      }
    }
    return results;
  }

  /** The values of the keys; what is missing is loaded with one call. In the order of the list. */
  async getOrLoad(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    overrides?: BatchOverrides,
  ): Promise<readonly Outcome[]> {
    const { flights, counter } = this.parts;
    const since = performance.now();
    const { results, items, due } = this.fromL1(cache, argsList, overrides);

    // Keys that somebody reads already are theirs; the others become flights that everybody may join.
    const joined = items.map((item) => flights.find(cache, item.request.key));
    // Those that are waited for in vain are loaded with one call, too.
    const inVain = new BatchCall<readonly unknown[]>(joined.filter(Boolean).length, (missing) =>
      loadAll(cache, missing, loadMissing),
    );
    const pending = items.map((item, i) => {
      const flight = joined[i];
      if (flight !== undefined) {
        const { load, postpone } = inVain.ticket(item.request.args);
        postpone();
        return { item, outcome: this.parts.join(flight, item.request, load), own: undefined };
      }
      const own = new Deferred<Outcome>();
      return { item, own, outcome: flights.start(item.request, () => own.promise) };
    });
    const owned = pending.flatMap(({ item, own }) => (own === undefined ? [] : [{ item, own }]));
    const load = (wanted: readonly Wanted[]) =>
      this.parts.loads.loadMany(wanted, (requests) =>
        loadAll(
          cache,
          requests.map(({ args }) => args),
          loadMissing,
        ),
      );
    void this.settle(cache, owned, due, load);

    await Promise.allSettled(pending.map(({ outcome }) => outcome));
    for (const { item, outcome, own } of pending) {
      const { kind, tier, entry } = await outcome;
      for (const position of item.positions) {
        results[position] = await outcome;
        counter.count(cache, item.request.key, {
          ...{ outcome: kind, tier, entry, since },
          coalesced: own === undefined,
        });
      }
    }
    return results as Outcome[];
  }

  /** Steps 3 to 6 for the keys that are this batch's own. Settles every one of them; never rejects. */
  private async settle(
    cache: BoundCache,
    owned: readonly { readonly item: Item; readonly own: Deferred<Outcome> }[],
    dueInL1: readonly Wanted[],
    load: (wanted: readonly Wanted[]) => readonly Promise<Outcome>[],
  ): Promise<void> {
    const { entries, reloads } = this.parts;
    try {
      const founds = await readAll(
        cache,
        owned.map(({ item }) => item.request),
      );
      const due = [...dueInL1];
      const missing: (Wanted & {
        readonly own: Deferred<Outcome>;
        readonly fallback: Outcome | undefined;
      })[] = [];
      const now = entries.now();
      for (const [i, { item, own }] of owned.entries()) {
        const { request } = item;
        const found = founds[i]!;
        const stored = entries.usable(request, found, now);
        const fallback = stored === undefined ? entries.usableOnError(request, found) : undefined;
        if (stored !== undefined) {
          own.resolve(stored);
          if (reloads.isDue(cache, found.entry!, now)) due.push({ request, found, audience: NOBODY });
        } else if (fallback !== undefined && reloads.isPaused(request)) {
          own.resolve(fallback);
        } else {
          missing.push({ request, found, audience: { hasLeft: false }, own, fallback });
        }
      }
      const loaded = load(missing);
      for (const [i, { request, audience, own, fallback }] of missing.entries()) {
        own.resolve(reloads.wait(request, loaded[i]!, audience, fallback));
      }
      this.refresh(due, load);
    } catch (error) {
      for (const { own } of owned) own.reject(error);
    }
  }

  /** Loads in the background, with one call, what nobody loads. */
  private refresh(
    due: readonly Wanted[],
    load: (wanted: readonly Wanted[]) => readonly Promise<Outcome>[],
  ): void {
    const { reloads } = this.parts;
    const byKey = new Map(due.map((wanted) => [wanted.request.key, wanted]));
    const idle = [...byKey.values()].filter(({ request }) => reloads.canRefresh(request));
    const loaded = load(idle);
    for (const [i, { request }] of idle.entries()) reloads.refresh(request, () => loaded[i]!);
  }

  /** Step 1, with equal keys folded into one. */
  private fromL1(
    cache: BoundCache,
    argsList: ArgsList,
    overrides?: BatchOverrides,
  ): {
    readonly results: (Outcome | undefined)[];
    readonly items: readonly Item[];
    readonly due: readonly Wanted[];
  } {
    const { entries, counter, reloads } = this.parts;
    const patience = this.parts.patienceFor(cache);
    const results: (Outcome | undefined)[] = argsList.map(() => undefined);
    const items = new Map<string, Item>();
    const due: Wanted[] = [];
    const lately = entries.lately();
    for (const [position, args] of argsList.entries()) {
      const begun = counter.begin();
      const key = cache.keyOf(...args);
      const item = items.get(key);
      if (item !== undefined) {
        item.positions.push(position);
        continue;
      }
      const resident = entries.outcomeInL1(cache, key, lately);
      if (resident?.entry === undefined) {
        const request = this.parts.request(cache, args, key, patience, overrides);
        items.set(key, { request, positions: [position] });
        continue;
      }
      counter.hit(cache, key, resident.entry, begun, lately);
      const { entry } = resident;
      if (reloads.isDue(cache, entry, lately)) {
        const request = this.parts.request(cache, args, key, patience, overrides);
        due.push({ request, found: { seen: entry.id }, audience: NOBODY });
      }
      results[position] = resident;
    }
    return { results, items: [...items.values()], due };
  }

  /** Loads many with one call, each of them once, for one caller, and stores nothing. In the order of the list. */
  async loadAlone(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
  ): Promise<readonly Outcome[]> {
    const keys = argsList.map((args) => cache.keyOf(...args));
    const argsOf = new Map(argsList.map((args, i) => [keys[i] ?? '', args]));
    const call = new BatchCall<readonly unknown[]>(argsOf.size, (missing) =>
      loadAll(cache, missing, loadMissing),
    );
    const patience = this.parts.patienceFor(cache);
    const loads = [...argsOf].map(([key, args]): [string, Promise<Outcome>] => {
      const request = this.parts.request(cache, args, key, patience, undefined);
      const load = this.parts.loads.loadAlone(request, call.ticket(args).load);
      return [key, this.parts.reloads.wait(request, load, { hasLeft: false }, undefined)];
    });
    const loaded = new Map(loads);
    return Promise.all(keys.map((key) => loaded.get(key)!));
  }
}
