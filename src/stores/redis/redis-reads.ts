import { entryIdOf } from '../../codec/envelope.js';
import { isPromise } from '../../codec/maybe-promise.js';
import type { Sealer } from '../../codec/sealer.js';
import type { Clock } from '../../engine/clock.js';
import type { Entry } from '../../engine/entry.js';
import type { Found, Unfinished } from '../store.js';
import { answersIn, isBytes, noAnswer } from './answers-in.js';
import type { KnownTokens } from './known-tokens.js';
import { LargestSizes } from './largest-sizes.js';
import type { RedisClient } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisTopology } from './redis-topology.js';
import type { TagKeys } from './tag-keys.js';

const NOTHING: Found = Object.freeze({ seen: '' });
const INVALID: Found = Object.freeze({ seen: '', invalid: true });

/** Tokens as Redis has just told them; `null` for a tag that has none. */
type Tokens = ReadonlyMap<string, string | null>;
const NONE_READ: Tokens = new Map();
const NO_TAGS: readonly string[] = [];

/** Opens an answer, and tells whether it is current. `tags` are those that the entry is expected to carry. */
type Judge = (key: string, name: string, tags: readonly string[], bytes: Buffer | null) => Unfinished<Found>;

export interface RedisReadsParts {
  readonly client: RedisClient;
  readonly keys: RedisKeys;
  readonly topology: RedisTopology;
  readonly tagKeys: TagKeys;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly known: KnownTokens;
  /** Removes what lies under a key if it still is what was `seen`. */
  readonly discard: (key: string, seen: string) => Promise<void>;
  readonly onProblem: (operation: string, error: unknown) => void;
}

/** Reads entries, and tells which of them are current. */
export class RedisReads {
  readonly sizes = new LargestSizes();

  constructor(private readonly parts: RedisReadsParts) {}

  async one(key: string, tags: readonly string[]): Promise<Found> {
    const name = this.parts.keys.entry(key);
    const unknown = this.unknown([tags]);
    // Sent in one tick, hence one round trip.
    const getting = this.get(name);
    const [bytes, read] =
      unknown === undefined
        ? [await getting, NONE_READ]
        : await Promise.all([getting, this.askTokens(unknown)]);
    if (bytes !== null) this.sizes.note(tags, bytes.length);
    const found = this.judgeIn(read)(key, name, tags, bytes);
    return typeof found === 'function' ? found() : found;
  }

  /** What takes more than the one round trip is left to do. */
  async many(
    keys: readonly string[],
    tagsOfEach: readonly (readonly string[])[],
  ): Promise<readonly Unfinished<Found>[]> {
    const unknown = this.unknown(tagsOfEach);
    const names = keys.map((key) => this.parts.keys.entry(key));
    const getting = this.getMany(names);
    const [values, read] =
      unknown === undefined
        ? [await getting, NONE_READ]
        : await Promise.all([getting, this.askTokens(unknown)]);
    const judge = this.judgeIn(read);
    return values.map((bytes, i) => {
      const tags = tagsOfEach[i] ?? NO_TAGS;
      if (bytes !== null) this.sizes.note(tags, bytes.length);
      return judge(keys[i] ?? '', names[i] ?? '', tags, bytes);
    });
  }

  /** What lies in bytes that a script has read. */
  opened(key: string, bytes: Buffer): Unfinished<Found> {
    return this.judgeIn(NONE_READ)(key, this.parts.keys.entry(key), NO_TAGS, bytes);
  }

  /** Those of the tags whose tokens have to be asked for. */
  private unknown(tagsOfEach: readonly (readonly string[])[]): string[] | undefined {
    const { known, clock } = this.parts;
    const now = clock.now();
    let unknown: Set<string> | undefined;
    let last: readonly string[] | undefined;
    for (const tags of tagsOfEach) {
      // Entries without tags of their own have one list in common.
      if (tags === last) continue;
      last = tags;
      for (const tag of tags) {
        if (known.confirmed(tag, now) === undefined) (unknown ??= new Set()).add(tag);
      }
    }
    return unknown && [...unknown];
  }

  /** Asks for tokens, and notes them, unless an eviction was heard of meanwhile: they may be older. */
  private async askTokens(tags: readonly string[]): Promise<Map<string, string | null>> {
    const { known, tagKeys } = this.parts;
    const { age } = known;
    const tokens = await tagKeys.read(tags);
    const read = new Map<string, string | null>();
    for (const [i, tag] of tags.entries()) {
      const token = tokens[i] ?? null;
      read.set(tag, token);
      if (token !== null && known.age === age) known.confirm(tag, token);
    }
    return read;
  }

  private async get(name: string): Promise<Buffer | null> {
    const { client, onProblem } = this.parts;
    try {
      const bytes: unknown = await client.getBuffer(name);
      return isBytes(bytes) ? bytes : noAnswer();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('WRONGTYPE')) throw error;
      // A stranger's list or hash under our key: nothing of ours, and in the way of storing.
      onProblem('read', error);
      await client.unlink(name);
      return null;
    }
  }

  /** One MGET where one command may name all keys; it takes what is no string for missing. */
  private async getMany(names: readonly string[]): Promise<readonly (Buffer | null)[]> {
    const { client, topology } = this.parts;
    if (topology.isOne) return answersIn(await client.mgetBuffer([...names]), names.length, isBytes);
    const values: (Buffer | null)[] = [];
    const groups = topology.groups(names).map(async (positions) => {
      const reply = await client.mgetBuffer(positions.map((position) => names[position] ?? ''));
      const replies = answersIn(reply, positions.length, isBytes);
      for (const [i, position] of positions.entries()) values[position] = replies[i] ?? null;
    });
    await Promise.all(groups);
    return values;
  }

  /**
   * What opens the answers that came at one time, and compares their tokens with the current ones: with those just
   * read, and with those that are known.
   */
  private judgeIn(read: Tokens): Judge {
    const { sealer, known, clock } = this.parts;
    const now = clock.now();
    const tokenOf = (tag: string) => (read.has(tag) ? read.get(tag) : known.confirmed(tag, now));
    let last: readonly string[] | undefined;
    let tokens: readonly (string | null | undefined)[] = [];
    const judge = (entry: Entry, tags: readonly string[]) => {
      if (tags !== last) {
        last = tags;
        tokens = tags.map(tokenOf);
      }
      return carries(entry, tags, tokens) ? { entry, seen: entry.id } : () => this.compared(entry, read);
    };
    return (key, name, tags, bytes) => {
      if (bytes === null) return NOTHING;
      try {
        const opened = sealer.open(bytes, name);
        return isPromise(opened) ? this.openedLater(key, bytes, opened, read) : judge(opened, tags);
      } catch (error) {
        return () => this.invalid(key, bytes, error);
      }
    };
  }

  /** What becomes of an entry that is opened in a thread of its own. */
  private openedLater(
    key: string,
    bytes: Buffer,
    opening: Promise<Entry>,
    read: Tokens,
  ): () => Promise<Found> {
    // It may fail before anybody waits for it.
    opening.catch(() => undefined);
    return async () => {
      let entry: Entry;
      try {
        entry = await opening;
      } catch (error) {
        return this.invalid(key, bytes, error);
      }
      return this.compared(entry, read);
    };
  }

  /** Asks for tokens before it judges, where an entry carries tags that are not known, or seems to be evicted. */
  private async compared(entry: Entry, tokens: Tokens): Promise<Found> {
    const { known } = this.parts;
    const read = new Map(tokens);
    const unknown = entry.tags.filter((tag) => !read.has(tag) && known.confirmed(tag) === undefined);
    if (unknown.length > 0) {
      for (const [tag, token] of await this.askTokens(unknown)) read.set(tag, token);
    }
    const tokenOf = (tag: string) => (read.has(tag) ? read.get(tag) : known.confirmed(tag));
    const outdated = entry.tags.filter((tag, i) => tokenOf(tag) !== entry.tokens[i]);
    if (outdated.length > 0) {
      // The entry was evicted; or the token is older than it: known from before, or read before it on another node.
      for (const [tag, token] of await this.askTokens(outdated)) {
        if (token === null) known.forget(tag);
        read.set(tag, token);
      }
    }
    const { id: seen } = entry;
    return entry.tags.every((tag, i) => tokenOf(tag) === entry.tokens[i]) ? { entry, seen } : { seen };
  }

  /** Removes bytes that are no entry of ours: nobody could ever read them. */
  private async invalid(key: string, bytes: Buffer, error: unknown): Promise<Found> {
    const { onProblem, discard } = this.parts;
    onProblem('read', error);
    const seen = entryIdOf(bytes);
    try {
      await discard(key, seen);
      return INVALID;
    } catch (problem) {
      onProblem('discard', problem);
      return { ...INVALID, seen };
    }
  }
}

/** Whether an entry has those tags, and no others, with those tokens. */
function carries(
  entry: Entry,
  tags: readonly string[],
  tokens: readonly (string | null | undefined)[],
): boolean {
  if (entry.tags.length !== tags.length) return false;
  for (let i = 0; i < tags.length; i++) {
    if (entry.tags[i] !== tags[i] || entry.tokens[i] !== tokens[i]) return false;
  }
  return true;
}
