import { LRUCache } from 'lru-cache';
import type { KnownTokens } from './known-tokens.js';
import { pxOf } from './px.js';
import type { TagKeys } from './tag-keys.js';

/** How many tags are remembered. One that is forgotten costs a visit to Redis. */
const MAX_TAGS = 50_000;

interface Alive {
  readonly token: string;
  /** Until then the token lives in Redis, on the clock of `performance.now()`. */
  readonly until: number;
}

/**
 * Gives loads the tokens of their tags, and sees that these live as long as the entries that are about to carry
 * them. A token that is known to be current, and to live long enough, needs no visit to Redis.
 */
export class TokenKeeper {
  private readonly alive = new LRUCache<string, Alive>({ max: MAX_TAGS });
  private readonly visits = new Map<string, Promise<readonly string[]>>();

  constructor(
    private readonly tagKeys: TagKeys,
    private readonly known: KnownTokens,
  ) {}

  /** The tokens, if all of them are known. */
  atHand(tags: readonly string[], lifetimeMs: number): readonly string[] | undefined {
    const needed = performance.now() + lifetimeMs;
    const tokens: string[] = [];
    for (const tag of tags) {
      const token = this.tokenOf(tag, needed);
      if (token === undefined) return undefined;
      tokens.push(token);
    }
    return tokens;
  }

  async tokens(tags: readonly string[], lifetimeMs: number): Promise<readonly string[]> {
    const needed = performance.now() + lifetimeMs;
    const tokens = tags.map((tag) => this.tokenOf(tag, needed));
    const open = tags.filter((_, i) => tokens[i] === undefined);
    if (open.length === 0) return tokens as readonly string[];
    const fetched = await this.ask(open, lifetimeMs);
    let next = 0;
    return tokens.map((token) => token ?? fetched[next++] ?? '');
  }

  /** The token of a tag, if it is known to be current and to live until then. */
  private tokenOf(tag: string, needed: number): string | undefined {
    const known = this.known.confirmed(tag);
    const alive = known === undefined ? undefined : this.alive.get(tag);
    return alive !== undefined && alive.token === known && alive.until >= needed ? known : undefined;
  }

  /** Asks Redis for the tokens, with one visit for all who need the same ones at the same time. */
  ask(tags: readonly string[], lifetimeMs: number): Promise<readonly string[]> {
    // Not one that began before an eviction: its tokens would pass for current with those who began after it.
    const what = `${this.known.age} ${lifetimeMs} ${tags.join(' ')}`;
    let visit = this.visits.get(what);
    if (visit === undefined) {
      visit = this.ensure(tags, lifetimeMs).finally(() => this.visits.delete(what));
      this.visits.set(what, visit);
    }
    return visit;
  }

  private async ensure(tags: readonly string[], lifetimeMs: number): Promise<readonly string[]> {
    // Twice as long as needed: the loads of the next while then find nothing to prolong.
    const until = performance.now() + lifetimeMs * 2;
    const { age } = this.known;
    const tokens = await this.tagKeys.ensure(tags, pxOf(lifetimeMs * 2));
    for (const [i, tag] of tags.entries()) {
      const token = tokens[i] ?? '';
      this.alive.set(tag, { token, until });
      // Else an eviction was heard of meanwhile, and it may be older.
      if (this.known.age === age) this.known.confirm(tag, token);
    }
    return tokens;
  }
}
