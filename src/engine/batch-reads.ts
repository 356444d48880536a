import { CacheError } from '../errors.js';
import type { Found } from '../stores/store.js';
import type { BoundCache } from './bound-cache.js';
import { Deferred } from './deferred.js';
import type { EntryReader } from './entry-reader.js';
import type { Flights } from './flights.js';
import type { Loads } from './loads.js';
import { Outcome } from './outcome.js';
import type { ReadCounter } from './read-counter.js';
import type { ReadRequest } from './read-request.js';

/** The arguments of many keys. */
export type ArgsList = readonly (readonly unknown[])[];

/** Loads the values of many argument lists, in their order. */
export type BatchLoader = (missing: ArgsList) => unknown;

export interface BatchReadsParts {
  readonly entries: EntryReader;
  readonly loads: Loads;
  readonly flights: Flights<Outcome>;
  readonly counter: ReadCounter;
  readonly request: (cache: BoundCache, args: readonly unknown[], key: string) => ReadRequest;
  /** Serves a stale entry and reloads it in the background. */
  readonly refreshInBackground: (request: ReadRequest, loader: () => unknown, found: Found) => void;
}

/** One key of a batch, however often it was asked for. */
interface Item {
  readonly request: ReadRequest;
  /** Where it stands in the caller's list. */
  readonly positions: number[];
}

/** Reads of many keys: the same steps as of one, each taken for all keys together. */
export class BatchReads {
  constructor(private readonly parts: BatchReadsParts) {}

  /** What is stored under the keys, without loading. In the order of the list; `undefined` where there is nothing. */
  async find(cache: BoundCache, argsList: ArgsList): Promise<readonly (Outcome | undefined)[]> {
    const { entries, counter } = this.parts;
    const { results, items } = this.fromL1(cache, argsList);
    const founds = await this.read(cache, items);
    for (const [i, { request, positions }] of items.entries()) {
      const outcome = entries.usable(request, founds[i]!);
      for (const position of positions) {
        results[position] = outcome;
        counter.count(cache, request.key, outcome?.kind ?? 'miss', outcome?.tier);
      }
    }
    return results;
  }

  /** The values of the keys; what is missing is loaded with one call. In the order of the list. */
  async getOrLoad(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
  ): Promise<readonly Outcome[]> {
    const { flights, counter } = this.parts;
    const { results, items } = this.fromL1(cache, argsList);

    // Keys that somebody reads already are theirs; the others become flights that everybody may join.
    const pending = items.map((item) => {
      const flight = flights.join(cache, item.request.key);
      if (flight !== undefined) return { item, outcome: flight, own: undefined };
      const own = new Deferred<Outcome>();
      return { item, own, outcome: flights.start(item.request, () => own.promise) };
    });
    const owned = pending.flatMap(({ item, own }) => (own === undefined ? [] : [{ item, own }]));
    if (owned.length > 0) void this.settle(cache, owned, loadMissing);

    await Promise.allSettled(pending.map(({ outcome }) => outcome));
    for (const { item, outcome, own } of pending) {
      const { kind, tier } = await outcome;
      for (const position of item.positions) {
        results[position] = await outcome;
        counter.count(cache, item.request.key, kind, tier, own === undefined);
      }
    }
    return results as Outcome[];
  }

  /** Steps 3 to 6 for the keys that are this batch's own. Settles every one of them; never rejects. */
  private async settle(
    cache: BoundCache,
    owned: readonly { readonly item: Item; readonly own: Deferred<Outcome> }[],
    loadMissing: BatchLoader,
  ): Promise<void> {
    const { entries, loads, refreshInBackground } = this.parts;
    try {
      const founds = await this.read(
        cache,
        owned.map(({ item }) => item),
      );
      const missing: {
        readonly request: ReadRequest;
        readonly found: Found;
        readonly own: Deferred<Outcome>;
      }[] = [];
      for (const [i, { item, own }] of owned.entries()) {
        const { request } = item;
        const found = founds[i]!;
        const stored = entries.usable(request, found);
        if (stored?.kind === 'stale') {
          refreshInBackground(
            request,
            async () => (await loadAll(cache, [request.args], loadMissing))[0],
            found,
          );
        }
        if (stored === undefined) missing.push({ request, found, own });
        else own.resolve(stored);
      }
      if (missing.length === 0) return;
      const outcomes = loads.loadMany(missing, (requests) =>
        loadAll(
          cache,
          requests.map(({ args }) => args),
          loadMissing,
        ),
      );
      for (const [i, { own }] of missing.entries()) own.resolve(outcomes[i]!);
    } catch (error) {
      for (const { own } of owned) own.reject(error);
    }
  }

  /** Step 1, with equal keys folded into one. */
  private fromL1(
    cache: BoundCache,
    argsList: ArgsList,
  ): { readonly results: (Outcome | undefined)[]; readonly items: readonly Item[] } {
    const { entries, counter } = this.parts;
    const results: (Outcome | undefined)[] = argsList.map(() => undefined);
    const items = new Map<string, Item>();
    for (const [position, args] of argsList.entries()) {
      const key = cache.keyOf(...args);
      const item = items.get(key);
      if (item !== undefined) {
        item.positions.push(position);
        continue;
      }
      const resident = entries.freshInL1(cache, key);
      if (resident === undefined) {
        items.set(key, { request: this.parts.request(cache, args, key), positions: [position] });
        continue;
      }
      counter.count(cache, key, 'hit', 'l1');
      const take = () => entries.valueOf(cache, resident);
      results[position] = new Outcome(take(), take, 'hit', 'l1', resident.entry);
    }
    return { results, items: [...items.values()] };
  }

  private async read(cache: BoundCache, items: readonly Item[]): Promise<readonly Found[]> {
    if (items.length === 0) return [];
    return cache.store.readMany(
      items.map(({ request }) => request.key),
      items.map(({ request }) => request.allTags),
    );
  }
}

/** Calls the loader, and sees that it gives one value for each argument list. */
export async function loadAll(
  { name }: BoundCache,
  argsList: ArgsList,
  loadMissing: BatchLoader,
): Promise<readonly unknown[]> {
  const values = await loadMissing(argsList);
  if (Array.isArray(values) && values.length === argsList.length) return values;
  const got = Array.isArray(values) ? `${values.length} values` : typeof values;
  throw new CacheError(
    'CACHE_INVALID_USE',
    `Expected the loader of \`getOrLoadMany\` of cache \`${name}\` to return an array of ${argsList.length} values, ` +
      `one for each missing entry in their order, got ${got}. Use null for an entry that does not exist.`,
  );
}
