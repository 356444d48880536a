/** How an eviction is to be done. */
export interface EvictOptions {
  /**
   * Reject with CacheError `CACHE_REDIS_UNAVAILABLE` when the eviction does not reach Redis, or the other instances
   * can't be told, and do not carry it out later: for callers who would rather fail than go on. @default false
   */
  readonly strict: boolean;
}

/**
 * Takes the options off the end of a list of arguments, if they are there.
 *
 * @param expected how many arguments there are at least: what is among them is no option
 */
export function splitOptions(
  args: readonly unknown[],
  expected: number,
): readonly [own: readonly unknown[], EvictOptions | undefined] {
  const last = args.at(-1);
  return args.length > expected && isOptions(last) ? [args.slice(0, -1), last] : [args, undefined];
}

function isOptions(value: unknown): value is EvictOptions {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 1 &&
    typeof (value as Partial<EvictOptions>).strict === 'boolean'
  );
}
