import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';

/** What this process knows of one tag. Entries in memory hold on to it and compare by reference. */
export interface TagState {
  /** The current token; `undefined` when it is not known any more, which matches nothing. */
  token: string | undefined;
  /** When Redis was last asked for it, on the engine's clock; never, if it is only an entry's. */
  confirmedAt: number;
}

/**
 * How long a token counts as current without being asked for, milliseconds: the instance that evicted the tag may have
 * died before it could tell.
 */
const CONFIRMED_FOR_MS = 30_000;

/** How many tags are remembered at least. Forgetting one makes entries in memory that carry it unusable, no more. */
const MAX_TAGS = 50_000;
/** A memory that holds many entries has as many tags to know, and more. */
const TAGS_PER_ENTRY = 4;

/** The tokens of tags as far as this process knows them. */
export class TagTokens {
  private readonly states: LRUCache<string, TagState>;
  private timesForgotten = 0;

  constructor(
    private readonly clock: Clock,
    maxTags = MAX_TAGS,
  ) {
    this.states = new LRUCache<string, TagState>({
      max: maxTags,
      // An entry may still hold the state: it must not pass for current, since nobody would tell it otherwise.
      dispose: (state) => {
        state.token = undefined;
      },
    });
  }

  /** Room for the tags of that many entries in memory. */
  static forEntries(maxEntries: number, clock: Clock): TagTokens {
    return new TagTokens(clock, Math.max(MAX_TAGS, maxEntries * TAGS_PER_ENTRY));
  }

  /** How often tags were forgotten: a token that was asked for before may be older than the eviction. */
  get age(): number {
    return this.timesForgotten;
  }

  get(tag: string): TagState | undefined {
    return this.states.get(tag);
  }

  /** The token of a tag, if it was asked for lately. */
  confirmed(tag: string, now = this.clock.now()): string | undefined {
    const state = this.states.get(tag);
    if (state === undefined || now - state.confirmedAt >= CONFIRMED_FOR_MS) return undefined;
    return state.token;
  }

  /** Notes the current token of a tag, as an entry has it, and returns its state. */
  learn(tag: string, token: string): TagState {
    const known = this.states.get(tag);
    if (known !== undefined) {
      // The same text is not held twice.
      if (known.token !== token) known.token = token;
      return known;
    }
    const state: TagState = { token, confirmedAt: -Infinity };
    this.states.set(tag, state);
    return state;
  }

  /** Notes the current token of a tag, as the store has just told it. */
  confirm(tag: string, token: string): void {
    this.learn(tag, token).confirmedAt = this.clock.now();
  }

  /** Forgets all tags. */
  forgetAll(): void {
    this.timesForgotten += 1;
    this.states.clear();
  }

  /** Forgets a tag: entries in memory that carry it are unusable from now on. */
  forget(tag: string): void {
    this.timesForgotten += 1;
    this.states.delete(tag);
  }
}
