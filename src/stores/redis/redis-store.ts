import { isPromise } from '../../codec/maybe-promise.js';
import type { Sealer } from '../../codec/sealer.js';
import type { CachePattern } from '../../definition/template.js';
import type { Clock } from '../../engine/clock.js';
import { expiresAt, type Entry } from '../../engine/entry.js';
import type { LoadEnding } from '../../engine/load-waiters.js';
import type { Acquired, Found, HowToEvict, LeaseWish, Loaded, MaybePromise, Unfinished } from '../store.js';
import type { Progress } from '../../engine/deadlines.js';
import type { RemoteStore } from '../../resilience/guarded-store.js';
import { answersIn, asError, settled } from './answers-in.js';
import { acquireScript, isTaken, UNREAD } from './lua/acquire.lua.js';
import { discardScript } from './lua/discard.lua.js';
import { extendScript } from './lua/extend.lua.js';
import { releaseScript } from './lua/release.lua.js';
import { replaceScript } from './lua/replace.lua.js';
import { seizeScript } from './lua/seize.lua.js';
import { isStoreAnswer, storeScript, type StoreAnswer } from './lua/store.lua.js';
import type { KnownTokens } from './known-tokens.js';
import type { RedisClient } from './redis-client.js';
import { pxOf } from './px.js';
import { MatchingKeys } from './matching-keys.js';
import type { RedisKeys } from './redis-keys.js';
import { topologyOf, type RedisTopology } from './redis-topology.js';
import { RedisReads } from './redis-reads.js';
import { TagKeys } from './tag-keys.js';
import { TokenKeeper } from './token-keeper.js';

/** How many leases one script takes, and how many loads it stores: Redis does nothing else meanwhile. */
const MOST_LOADS = 50;
/** How many bytes it stores, for the same reason. One that is larger goes alone. */
const MOST_STORED_BYTES = 500_000;
/** How many bytes one that takes leases brings, from which on what it finds is read by itself. */
const MOST_FILLED_BYTES = 500_000;
/** How many entries one UNLINK removes at most, each with its lease. */
const MOST_EVICTED = 250;
const GRANTED: Acquired = Object.freeze({ kind: 'granted' });

/** What a Redis store is made of. */
export interface RedisStoreParts {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  /** Makes entries into bytes, and back. */
  readonly sealer: Sealer;
  /** What this process knows of the tags. */
  readonly known: KnownTokens;
  /** What to publish when a load ends that others wait for. */
  readonly loadEndedMessage: (key: string, ending: LoadEnding) => string;
  readonly onProblem: (operation: string, error: unknown) => void;
  /** An entry of that cache can't be stored. */
  readonly onRefused?: (cache: string) => void;
}

/** An entry as it is stored. */
interface Sealed {
  readonly bytes: Buffer;
  readonly px: number;
}

/**
 * Entries in Redis, shared by all instances. Its methods reject when Redis can't be asked; what lies in Redis
 * but is no usable entry is a miss.
 */
export class RedisStore implements RemoteStore {
  readonly tier = 'l2';
  private readonly client: RedisClient;
  private readonly keys: RedisKeys;
  private readonly topology: RedisTopology;
  private readonly tagKeys: TagKeys;
  private readonly reads: RedisReads;
  private readonly keeper: TokenKeeper;
  private readonly matching: MatchingKeys;

  constructor(private readonly parts: RedisStoreParts) {
    this.client = parts.client;
    this.keys = parts.keys;
    this.topology = topologyOf(parts.client);
    this.tagKeys = new TagKeys(parts.client, this.topology, parts.keys);
    this.reads = new RedisReads({
      ...parts,
      topology: this.topology,
      tagKeys: this.tagKeys,
      discard: (key, seen) => this.discard(key, seen),
    });
    this.keeper = new TokenKeeper(this.tagKeys, parts.known);
    this.matching = new MatchingKeys(parts.client, this.topology, parts.keys);
  }

  /** In a cluster each key needs a command, and may be on a node that can't be asked. */
  mostReads(tags: readonly string[]): number {
    return this.topology.isOne ? this.reads.sizes.most(tags) : 1;
  }

  get mostLoads(): number {
    return this.topology.isOne ? MOST_LOADS : 1;
  }

  read(key: string, tags: readonly string[]): Promise<Found> {
    return this.reads.one(key, tags);
  }

  readMany(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): Promise<readonly Unfinished<Found>[]> {
    return this.reads.many(keys, tagsOfEach);
  }

  async acquire(key: string, lease: string, leaseMs: number, seen: string): Promise<Acquired> {
    const [acquired] = await this.acquireMany([{ key, lease, leaseMs, seen }]);
    return typeof acquired === 'function' ? acquired() : acquired!;
  }

  async acquireMany(wishes: readonly LeaseWish[]): Promise<readonly Unfinished<Acquired>[]> {
    const keys: string[] = [];
    const args: (string | number | Buffer)[] = [MOST_FILLED_BYTES];
    for (const { key, lease, leaseMs, seen } of wishes) {
      keys.push(this.keys.entry(key), this.keys.lease(key));
      // Commands that hold no Buffer are written faster.
      args.push(lease, leaseMs, seen === '' ? '' : Buffer.from(seen, 'hex'));
    }
    const reply = await acquireScript.run(this.client, keys, args);
    const answers = answersIn(reply, wishes.length, isTaken);
    return settled(answers, (answer, i) => this.taken(wishes[i]?.key ?? '', answer));
  }

  private taken(key: string, answer: number | Buffer): Unfinished<Acquired> {
    if (answer === 0) return GRANTED;
    if (answer === UNREAD) return async () => ({ kind: 'filled', found: await this.read(key, []) });
    if (typeof answer === 'number') return { kind: 'held', forMs: answer };
    const found = this.reads.opened(key, answer);
    return typeof found === 'function'
      ? async () => ({ kind: 'filled', found: await found() })
      : { kind: 'filled', found };
  }

  async extend(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return (await extendScript.run(this.client, [this.keys.lease(key)], [lease, leaseMs])) === 1;
  }

  tokens(tags: readonly string[], lifetimeMs: number, exact?: 'exact'): Promise<readonly string[]> {
    return exact ? this.keeper.ask(tags, lifetimeMs) : this.keeper.tokens(tags, lifetimeMs);
  }

  tokensAtHand(tags: readonly string[], lifetimeMs: number): readonly string[] | undefined {
    return this.keeper.atHand(tags, lifetimeMs);
  }

  async store(key: string, lease: string, entry: Entry): Promise<boolean> {
    const [isStored] = await this.storeMany([{ key, lease, entry }]);
    return typeof isStored === 'function' ? isStored() : isStored === true;
  }

  async storeMany(loaded: readonly Loaded[]): Promise<readonly Unfinished<boolean>[]> {
    const sealed = await Promise.all(loaded.map(async ({ key, entry }) => this.seal(key, entry)));
    const scripts: { readonly keys: string[]; readonly args: (string | number | Buffer)[] }[] = [];
    let room = 0;
    for (const [i, { key, lease, entry }] of loaded.entries()) {
      const { bytes, px } = sealed[i] ?? {};
      if (bytes === undefined || px === undefined) continue;
      if (bytes.length > room) {
        scripts.push({ keys: [], args: [this.keys.bus] });
        room = MOST_STORED_BYTES;
      }
      room -= bytes.length;
      this.reads.sizes.note(entry.tags, bytes.length);
      const script = scripts.at(-1);
      script?.keys.push(this.keys.entry(key), this.keys.lease(key));
      script?.args.push(lease, bytes, px, this.parts.loadEndedMessage(key, 'over'));
    }
    // What fails for some of them does not fail for the others.
    const [stored, givenUp] = await Promise.all([
      Promise.all(scripts.map(({ keys, args }) => this.runStore(keys, args))),
      Promise.all(loaded.map(async (each, i) => sealed[i] === undefined && this.giveUp(each).catch(asError))),
    ]);
    const answers = stored.flat().values();
    const results = sealed.map((each, i) =>
      each === undefined ? (givenUp[i] ?? false) : (answers.next().value ?? false),
    );
    return settled(results, (answer) => this.isStored(answer));
  }

  /** What the script answers for each, or why it answers nothing. */
  private async runStore(
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
  ): Promise<readonly (StoreAnswer | Error)[]> {
    const count = keys.length / 2;
    try {
      return answersIn(await storeScript.run(this.client, keys, args), count, isStoreAnswer);
    } catch (error) {
      return Array.from({ length: count }, () => asError(error));
    }
  }

  private isStored(answer: StoreAnswer | boolean): boolean {
    if (!Array.isArray(answer)) return answer === 1;
    // It is there; who waits for it finds it later.
    this.parts.onProblem('publish', answer[0]);
    return true;
  }

  async release(key: string, lease: string, ending: LoadEnding = 'over'): Promise<void> {
    const message = this.parts.loadEndedMessage(key, ending);
    await releaseScript.run(this.client, [this.keys.lease(key)], [lease, this.keys.bus, message]);
  }

  async seize(key: string, lease: string, leaseMs: number): Promise<boolean> {
    await seizeScript.run(this.client, [this.keys.entry(key), this.keys.lease(key)], [lease, leaseMs]);
    return true;
  }

  async claim(key: string, lease: string, leaseMs: number): Promise<boolean> {
    return (await this.client.set(this.keys.lease(key), lease, 'PX', leaseMs, 'NX')) === 'OK';
  }

  async identity(): Promise<readonly string[]> {
    const infos = await Promise.all(this.topology.masters('connected').map((node) => node.info('server')));
    return infos.map((info) => /^run_id:(\w+)/m.exec(info)?.[1] ?? '');
  }

  async replace(key: string, seen: string, entry: Entry): Promise<boolean> {
    const sealed = await this.seal(key, entry);
    if (sealed === undefined) return false;
    const args = [Buffer.from(seen, 'hex'), sealed.bytes, sealed.px];
    return (await replaceScript.run(this.client, [this.keys.entry(key)], args)) === 1;
  }

  async evict(keys: readonly string[]): Promise<void> {
    const entries = keys.map((key) => this.keys.entry(key));
    const unlinks: Promise<unknown>[] = [];
    // Those in one slot have their leases there, too.
    for (const positions of this.topology.groups(entries)) {
      for (let from = 0; from < positions.length; from += MOST_EVICTED) {
        const some = positions.slice(from, from + MOST_EVICTED).map((position) => keys[position] ?? '');
        const names = some.flatMap((key) => [this.keys.entry(key), this.keys.lease(key)]);
        unlinks.push(this.client.unlink(...names));
      }
    }
    await Promise.all(unlinks);
  }

  evictTags(tags: readonly string[]): Promise<void> {
    return this.tagKeys.renew(tags);
  }

  evictMatching(pattern: CachePattern, _how?: HowToEvict, progress?: Progress): Promise<number> {
    return this.matching.evict(pattern, progress);
  }

  async discard(key: string, seen: string): Promise<void> {
    await discardScript.run(this.client, [this.keys.entry(key)], [Buffer.from(seen, 'hex')]);
  }

  /** Of what can't be stored: what is there is older. */
  private async giveUp({ key, lease, entry }: Loaded): Promise<false> {
    const ending = expiresAt(entry) > this.parts.clock.now() ? 'unstored' : 'over';
    await Promise.all([this.client.unlink(this.keys.entry(key)), this.release(key, lease, ending)]);
    return false;
  }

  /** The bytes of an entry, and its lifetime; `undefined` when that is over, or it can't be stored. */
  private seal(key: string, entry: Entry): MaybePromise<Sealed | undefined> {
    const refused = (error: unknown) => {
      this.parts.onProblem('store', error);
      this.parts.onRefused?.(entry.cache);
      return undefined;
    };
    try {
      const sealed = this.parts.sealer.seal(entry, this.keys.entry(key));
      return isPromise(sealed)
        ? sealed.then((bytes) => this.timed(bytes, entry), refused)
        : this.timed(sealed, entry);
    } catch (error) {
      return refused(error);
    }
  }

  private timed(bytes: Buffer, entry: Entry): Sealed | undefined {
    const lifetimeMs = expiresAt(entry) - this.parts.clock.now();
    return lifetimeMs <= 0 ? undefined : { bytes, px: pxOf(lifetimeMs) };
  }
}
