import { LONGEST_TIMER_MS } from './engine/longest-timer.js';
import { CacheError } from './errors.js';

/**
 * Refuses an option whose name is none: a misspelt one would do nothing.
 *
 * @param path what stands before the names in messages, such as `l1.`
 * @param owner the module whose options they are
 * @throws CacheError `CACHE_INVALID_OPTION`
 */
export function refuseUnknown(
  given: unknown,
  known: readonly string[],
  path: string,
  owner = 'CacheModule',
): void {
  if (typeof given !== 'object' || given === null) {
    throw new CacheError(
      'CACHE_INVALID_OPTION',
      `Expected ${path === '' ? `options of ${owner}` : `\`${path.replace(/\.$/, '')}\``} to be an object, got ` +
        `${given === null ? 'null' : typeof given}. ` +
        'Leave it out for the defaults.',
    );
  }
  const unknown = Object.keys(given).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  throw new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected options of ${owner} among \`${known.map((option) => path + option).join('`, `')}\`, ` +
      `got \`${path}${unknown}\`. Check the spelling.`,
  );
}

/**
 * Refuses something that lacks a method that it must have.
 *
 * @throws CacheError `CACHE_INVALID_OPTION`
 */
export function refuseWithout(given: unknown, methods: readonly string[], what: string): void {
  const missing = methods.find(
    (method) => typeof (given as Record<string, unknown> | null)?.[method] !== 'function',
  );
  if (missing === undefined) return;
  throw new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected \`${what}\` to have a method \`${missing}\`, got ${given === null ? 'null' : typeof given} without it. ` +
      'Leave it out for the default.',
  );
}

/**
 * Refuses a longest wait that no timer can wait for.
 *
 * @throws CacheError `CACHE_INVALID_OPTION`
 */
export function refuseTimeout(given: unknown, what: string): void {
  if (typeof given === 'number' && given > 0 && given <= LONGEST_TIMER_MS) return;
  const got = typeof given === 'string' ? `'${given}'` : String(given);
  throw new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected ${what} to be a number of milliseconds > 0 and up to ${LONGEST_TIMER_MS}, got \`${got}\` ` +
      `(${typeof given}). Write 200 for 200 ms.`,
  );
}
