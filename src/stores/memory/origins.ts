import type { EntryHead } from '../../engine/entry.js';
import type { TagState } from '../../engine/tag-tokens.js';

/** What entries of a cache have in common that were made with the same tags at the same time. */
export interface Origin extends Pick<EntryHead, 'cache' | 'version' | 'tags' | 'tokens'> {
  /** The state of each of the tags, for a comparison without a look-up. */
  readonly tagStates: readonly TagState[];
}

/** Sees that entries of a cache that have the same origin share it. */
export class Origins {
  private readonly lastOf = new Map<string, Origin>();

  of({ cache, version, tags, tokens }: EntryHead, tagStates: readonly TagState[]): Origin {
    const last = this.lastOf.get(cache);
    if (
      last?.version === version &&
      isSameList(last.tagStates, tagStates) &&
      isSameList(last.tokens, tokens) &&
      isSameList(last.tags, tags)
    ) {
      return last;
    }
    const origin = { cache, version, tags, tokens, tagStates };
    this.lastOf.set(cache, origin);
    return origin;
  }
}

function isSameList(first: readonly unknown[], second: readonly unknown[]): boolean {
  if (first.length !== second.length) return false;
  for (let i = 0; i < first.length; i++) if (first[i] !== second[i]) return false;
  return true;
}
