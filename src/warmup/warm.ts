import { describeType } from '../definition/describe-type.js';
import { misuse } from '../decorators/misuse.js';

const WARMUP: unique symbol = Symbol.for('nestjs-roost:warmup-items');

/** What a warmup method and its items get. */
export interface WarmupRun {
  /** Aborted when the application ends, when another instance has taken the run over, or when the time is up. */
  readonly signal: AbortSignal;
}

/** Items: an array or any other iterable, asynchronous ones included. */
export type WarmupItems<Item> = Iterable<Item> | AsyncIterable<Item>;

/** What a method that is marked with `@CacheWarmup` returns: made by {@link warm}. */
export class Warmup {
  /** By the name of a symbol, since an application may load the ESM and the CommonJS build. */
  readonly [WARMUP] = true;

  /** @internal */
  constructor(
    readonly items: WarmupItems<unknown> | Promise<WarmupItems<unknown>>,
    readonly each: (item: unknown, run: WarmupRun) => unknown,
    /** How many items there are, where that is known. */
    readonly total: number | undefined,
  ) {}
}

/**
 * Names items, and what is to be done with each of them: call the cached methods whose entries are to be warm.
 *
 * @example
 * return warm(this.repository.idsOfActiveBots(), (id) => this.bots.getBotDetails(id));
 *
 * @param items an array, an iterable, an async iterable such as a generator that reads page by page, or a promise of
 * one of these
 * @param each is called for each item. What it throws or rejects with is a failure, and tried again
 * @param options `total`: how many items there will be, where `items` can't tell
 * @throws CacheError `CACHE_INVALID_USE` for anything else
 */
export function warm<Item>(
  items: WarmupItems<Item> | Promise<WarmupItems<Item>>,
  each: (item: NoInfer<Item>, run: WarmupRun) => unknown,
  options: { readonly total?: number } = {},
): Warmup {
  if (typeof each !== 'function') {
    throw misuse(
      `Expected \`warm\` to get a function for each item, got ${describeType(each)}.`,
      'Write for example warm(ids, (id) => this.bots.getBotDetails(id)).',
    );
  }
  const isPromise = typeof (items as Promise<unknown> | undefined)?.then === 'function';
  if (!isPromise) checkItems(items);
  return new Warmup(items, each as Warmup['each'], options.total);
}

/** @throws CacheError `CACHE_INVALID_USE` for what has no items */
export function checkItems(items: unknown): void {
  const isIterable =
    typeof items === 'object' &&
    items !== null &&
    (Symbol.iterator in items || Symbol.asyncIterator in items);
  if (isIterable) return;
  throw misuse(
    `Expected \`warm\` to get items, got ${describeType(items)}.`,
    'Pass an array, an iterable, an async iterable, or a promise of one of these.',
  );
}

/** How many items there are, as far as that can be told without asking for them. */
export function countOf(items: unknown): number | undefined {
  if (Array.isArray(items)) return items.length;
  const size: unknown = (items as { readonly size?: unknown }).size;
  return typeof size === 'number' ? size : undefined;
}

export function isWarmup(value: unknown): value is Warmup {
  return typeof value === 'object' && value !== null && WARMUP in value;
}
