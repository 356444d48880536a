import { describeType } from '../definition/describe-type.js';
import { misuse } from '../decorators/misuse.js';
import { checkItems, countOf, isWarmup, type WarmupItems, type WarmupRun } from './warm.js';

/** One item, and what is to be done with it. */
export type Task = (run: WarmupRun) => unknown;

/** All of them. */
export interface Tasks {
  readonly total: number | undefined;
  readonly list: WarmupItems<Task>;
}

/**
 * What a method that is marked says.
 *
 * @param where class and method, for messages
 * @param within runs the work on an item
 * @throws what the method throws; CacheError `CACHE_INVALID_USE` when it returns anything but `warm(…)`
 */
export async function tasksOf(
  call: () => unknown,
  where: string,
  within: <T>(work: () => T) => T,
): Promise<Tasks> {
  const warmup = await call();
  if (!isWarmup(warmup)) {
    throw misuse(
      `Expected ${where} to return what \`warm\` makes, got ${describeType(warmup)}.`,
      'Write: return warm(ids, (id) => this.bots.getBotDetails(id)).',
    );
  }
  const items = await warmup.items;
  checkItems(items);
  const task =
    (item: unknown): Task =>
    (run) =>
      within(() => warmup.each(item, run));
  return { total: warmup.total ?? countOf(items), list: mapped(items, task) };
}

/** Not a generator: whoever stops in the middle of one that hangs would hang with it. */
function mapped<From, To>(items: WarmupItems<From>, map: (item: From) => To): AsyncIterable<To> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = iteratorOf(items);
      return {
        async next(): Promise<IteratorResult<To>> {
          const { done, value } = await iterator.next();
          return done === true ? { done, value: undefined } : { done: false, value: map(await value) };
        },
        async return(): Promise<IteratorResult<To>> {
          await iterator.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Of whatever kind. */
export function iteratorOf<T>(items: WarmupItems<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
