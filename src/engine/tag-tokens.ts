import { LRUCache } from 'lru-cache';

/** What this process knows of one tag. Entries in memory hold on to it and compare by reference. */
export interface TagState {
  /** The current token; `undefined` when it is not known any more, which matches nothing. */
  token: string | undefined;
}

/** How many tags are remembered. Forgetting one makes entries in memory that carry it unusable, no more. */
const MAX_TAGS = 50_000;

/** The tokens of tags as far as this process knows them. */
export class TagTokens {
  private readonly states: LRUCache<string, TagState>;
  private timesForgotten = 0;

  constructor(maxTags = MAX_TAGS) {
    this.states = new LRUCache<string, TagState>({
      max: maxTags,
      // An entry may still hold the state: it must not pass for current, since nobody would tell it otherwise.
      dispose: (state) => {
        state.token = undefined;
      },
    });
  }

  /** How often tags were forgotten: a token that was asked for before may be older than the eviction. */
  get age(): number {
    return this.timesForgotten;
  }

  get(tag: string): TagState | undefined {
    return this.states.get(tag);
  }

  /** Notes the current token of a tag, and returns its state. */
  learn(tag: string, token: string): TagState {
    const known = this.states.get(tag);
    if (known !== undefined) {
      known.token = token;
      return known;
    }
    const state: TagState = { token };
    this.states.set(tag, state);
    return state;
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
