import type { Cache } from '../../../src/cache-handle.js';
import { defineCache, type CacheDefinition, type CachePolicy } from '../../../src/definition/define-cache.js';
import { key, tag, type CacheKey, type CacheTag } from '../../../src/definition/template.js';

/** What the source gives for an item. No two versions are equal. */
export interface Value {
  readonly item: string;
  readonly version: number;
  /** The organization that the item belongs to in this version: a tag that only the value tells. */
  readonly org: number;
  readonly list: string[];
  readonly at: Date;
  readonly by: Map<string, number>;
  readonly nothing: undefined;
}

/** Names one item: the run of the test that it belongs to, and its number there. */
export type ItemArgs = readonly [run: number, id: number];

export type ItemCache = Cache<ItemArgs, Value>;

/** A kind of cache that the commands work on. */
export interface Flavour {
  readonly name: string;
  readonly definition: CacheDefinition<ItemArgs, Value>;
  /** How long after it was made an entry may be served in some way, milliseconds. */
  readonly usableFor: number;
  /** Each process has its own entries. */
  readonly isPerProcess: boolean;
  /** Callers get one object, and do not change it. */
  readonly isShared: boolean;
  /** Calls give the tags, the definition does not. */
  readonly isTaggedByCall: boolean;
  /** An entry carries the tag of the organization that its value names. */
  readonly isTaggedByValue: boolean;
}

/** One item of one cache. */
export interface Item {
  readonly flavour: Flavour;
  readonly run: number;
  readonly id: number;
  readonly key: CacheKey;
}

const TTL_MS = 60_000;
const WINDOW_MS = 30_000;

export function keyOf(name: string, run: number, id: number): CacheKey {
  return key`item:${run}:${name}:${id}`;
}

/** The tag that all items of a run carry. */
export function tagOfRun(run: number): CacheTag {
  return tag`run:${run}`;
}

/** The tag that items with that number carry, in every cache. */
export function tagOfId(run: number, id: number): CacheTag {
  return tag`id:${run}:${id}`;
}

export function tagOfOrg(run: number, org: number): CacheTag {
  return tag`org:${run}:${org}`;
}

/** The tags that the arguments of an item tell. */
export function tagsOf(run: number, id: number): readonly CacheTag[] {
  return [tagOfRun(run), tagOfId(run, id)];
}

function flavour(
  name: string,
  policy: Partial<CachePolicy<ItemArgs, Value>>,
  isTaggedByCall = false,
): Flavour {
  const { staleWhileRevalidate, staleIfError, l2, isolation, tagsOf: more } = policy;
  return {
    name,
    definition: defineCache<ItemArgs, Value>({
      name,
      key: (run, id) => keyOf(name, run, id),
      ttl: TTL_MS,
      jitter: 0,
      ...(!isTaggedByCall && { tags: tagsOf }),
      ...policy,
    }),
    usableFor: TTL_MS + (staleWhileRevalidate === undefined && staleIfError === undefined ? 0 : WINDOW_MS),
    isPerProcess: l2 === false,
    isShared: isolation === 'share',
    isTaggedByCall,
    isTaggedByValue: more !== undefined,
  };
}

/** By name, so that a counterexample tells which it is. */
export const FLAVOURS: readonly Flavour[] = [
  flavour('plain', {}),
  flavour('no-l1', { l1: false }),
  flavour('no-l2', { l2: false }),
  flavour('stale', { staleWhileRevalidate: WINDOW_MS }),
  flavour('on-error', { staleIfError: WINDOW_MS }),
  flavour('ahead', { refreshAhead: 0.5 }),
  flavour('shared', { isolation: 'share', staleWhileRevalidate: WINDOW_MS }),
  flavour('by-value', { tagsOf: ({ org }, run) => [tagOfOrg(run, org)] }),
  flavour('by-call', {}, true),
];
