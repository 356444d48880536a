import type { Found } from '../stores/store.js';
import { loadAll, type ArgsList, type BatchLoader } from './batch-loader.js';
import type { BoundCache } from './bound-cache.js';
import type { KeepsEntry } from './entry.js';
import type { EntryReader } from './entry-reader.js';
import type { HowToLoad, Loader } from './how-to-load.js';
import type { Loads } from './loads.js';
import type { Patience } from './patience.js';
import { readAll } from './read-all.js';
import { overridesOfOne, type BatchOverrides, type ReadOverrides, type ReadRequest } from './read-request.js';
import type { Outcome } from './outcome.js';

/** Of a store that was not asked. */
const NOT_READ: Found = Object.freeze({ seen: '', unavailable: true });

/** What a refresh came to. */
export interface Refreshed {
  readonly value: unknown;
  /** `lost`: it should have been stored, and what was stored before is older. `kept`: that was good enough. */
  readonly ending: 'stored' | 'lost' | 'not wanted' | 'kept';
  /** What was stored before. */
  readonly found: Found;
  /** How long the call still waits for the shared store. */
  readonly patience: Patience | undefined;
}

/** What a refresh of many keys came to. */
export interface BatchRefreshed {
  /** In the order of the list. */
  readonly outcomes: readonly Outcome[];
  /** What has been stored, in place of what was found. */
  readonly stored: readonly { readonly request: ReadRequest; readonly found: Found }[];
}

/** What many keys are loaded anew with. */
export interface HowToRenew {
  /** Which of the entries that are there are good enough. */
  readonly keeps: KeepsEntry;
  readonly overrides: BatchOverrides | undefined;
}

export interface RefreshesParts {
  readonly entries: EntryReader;
  readonly loads: Loads;
  readonly request: (
    cache: BoundCache,
    args: readonly unknown[],
    overrides: ReadOverrides | undefined,
    patience?: Patience,
  ) => ReadRequest;
  readonly passBy: (cache: BoundCache, args: readonly unknown[], loader: Loader) => Promise<unknown>;
}

/** Loads of what is wanted anew, whatever is stored already, and whatever load is under way. */
export class Refreshes {
  constructor(private readonly parts: RefreshesParts) {}

  /**
   * Loads and stores one entry.
   *
   * @param keeps tells which entry is good enough; then nothing is loaded that can't be stored
   * @throws CacheError `CACHE_REDIS_UNAVAILABLE` with `keeps` only; what the loader throws
   */
  async one(
    cache: BoundCache,
    args: readonly unknown[],
    loader: Loader,
    overrides?: ReadOverrides,
    keeps?: KeepsEntry,
  ): Promise<Refreshed> {
    const { entries, loads } = this.parts;
    if (!cache.enabled || overrides?.bypass === true) {
      return {
        value: await this.parts.passBy(cache, args, loader),
        // A cache that is disabled may be enabled again: what it has stored before is older than this value.
        ending: overrides?.bypass === true ? 'not wanted' : 'lost',
        found: NOT_READ,
        patience: undefined,
      };
    }
    const request = this.parts.request(cache, args, overrides);
    const { patience } = request;
    const found = await patience.spend(cache.store.read(request.key, request.allTags));
    const kept = keeps && entries.kept(request, found, keeps);
    if (kept !== undefined) return { value: kept.take(), ending: 'kept', found, patience };
    let ending: Refreshed['ending'] = 'lost';
    const onEnd: HowToLoad['onEnd'] = (how) => {
      ending = how;
    };
    const outcome = await loads.load(request, loader, found, { anew: keeps ?? true, onEnd });
    return { value: outcome.take(), ending, found, patience };
  }

  /** The same for many entries: those that are not kept are loaded with one call. */
  async many(
    cache: BoundCache,
    argsList: ArgsList,
    loadMissing: BatchLoader,
    { keeps, overrides }: HowToRenew,
  ): Promise<BatchRefreshed> {
    let patience: Patience | undefined;
    const requests = new Map<string, ReadRequest>();
    const keys = argsList.map((args) => {
      const key = cache.keyOf(...args);
      if (!requests.has(key)) {
        patience ??= this.parts.request(cache, args, undefined).patience;
        requests.set(
          key,
          this.parts.request(cache, args, overrides && overridesOfOne(overrides, args), patience),
        );
      }
      return key;
    });
    const founds = await readAll(cache, [...requests.values()]);
    const outcomes = new Map<string, Outcome>();
    const stored: { readonly request: ReadRequest; readonly found: Found }[] = [];
    const wanted: ({ readonly request: ReadRequest; readonly found: Found } & HowToLoad)[] = [];
    for (const [i, request] of [...requests.values()].entries()) {
      const found = founds[i]!;
      const kept = this.parts.entries.kept(request, found, keeps);
      if (kept !== undefined) {
        outcomes.set(request.key, kept);
        continue;
      }
      const onEnd: HowToLoad['onEnd'] = (ending) => {
        if (ending === 'stored') stored.push({ request, found });
      };
      wanted.push({ request, found, audience: { hasLeft: false }, anew: keeps, onEnd });
    }
    const loaded = await Promise.all(
      this.parts.loads.loadMany(wanted, (those) =>
        loadAll(
          cache,
          those.map(({ args }) => args),
          loadMissing,
        ),
      ),
    );
    for (const [i, { request }] of wanted.entries()) outcomes.set(request.key, loaded[i]!);
    return { outcomes: keys.map((key) => outcomes.get(key)!), stored };
  }
}
