import { CacheError } from './errors.js';

/**
 * Refuses an option whose name is none: a misspelt one would do nothing.
 *
 * @param path what stands before the names in messages, such as `l1.`
 * @throws CacheError `CACHE_INVALID_OPTION`
 */
export function refuseUnknown(given: object, known: readonly string[], path: string): void {
  const unknown = Object.keys(given).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  throw new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected options of CacheModule among \`${known.map((option) => path + option).join('`, `')}\`, ` +
      `got \`${path}${unknown}\`. Check the spelling.`,
  );
}
