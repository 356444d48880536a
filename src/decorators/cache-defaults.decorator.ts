import { LIFETIME_FIELDS } from '../definition/derive-cache.js';
import { describeType } from '../definition/describe-type.js';
import { checkFields } from '../engine/policy.js';
import { refuseBare } from './bare-decorator.js';
import { registerDefaults, withoutUndefined, type CacheClassDefaults } from './class-defaults.js';
import { describePlace } from './decorated-method.js';
import { optionsIn } from './decorator-options.js';
import { misuse } from './misuse.js';

/**
 * The policy of all caches that methods of a class use, and what those without a definition are named after. Closest
 * wins: method, class, the class that it extends, definition, module.
 *
 * Of a cache that has a definition, only the fields that say how entries live are set: `ttl`, `jitter`, `nullTtl`,
 * `staleWhileRevalidate`, `staleIfError`, `refreshAhead`, `softTimeout`, `hardTimeout`. In all others its users have to
 * agree, hence they are the definition's.
 *
 * @example
 * @CacheDefaults({ prefix: 'bots', ttl: '5m', staleIfError: '1h' })
 * export class BotsService { … }
 *
 * @throws CacheError `CACHE_INVALID_USE` or `CACHE_INVALID_OPTION` at decoration, with the class
 */
export function CacheDefaults(
  defaults: CacheClassDefaults,
): (target: abstract new (...args: never) => unknown) => void {
  refuseBare('CacheDefaults', [...arguments], "@CacheDefaults({ ttl: '5m' })");
  return (...[target, property]: readonly unknown[]) => {
    const place = describePlace('CacheDefaults', target, property);
    refuseOtherPlaces(target, property, place);
    const { prefix, ...fields } = optionsIn(defaults, OPTIONS, place) as CacheClassDefaults;
    checkPrefix(prefix, place);
    if (typeof fields.ttl === 'function') {
      throw misuse(
        `Expected \`ttl\` of ${place} to be a duration, got a function.`,
        'What depends on the value, tell at the method: @Cacheable({ ttl: (token: Token) => token.expiresIn }).',
      );
    }
    checkFields(withoutUndefined(fields), place);
    if (registerDefaults(target as object, defaults)) return;
    throw misuse(`Expected one ${place}, got two.`, 'Put all into one.');
  };
}

const OPTIONS = [
  ...LIFETIME_FIELDS,
  ...(['prefix', 'l1', 'l2', 'isolation', 'compress', 'encrypt', 'version'] as const),
] satisfies readonly (keyof CacheClassDefaults)[];

const PREFIX = /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*$/;
const LONGEST_PREFIX = 60;

function refuseOtherPlaces(target: unknown, property: unknown, place: string): void {
  if (typeof target === 'function' && property === undefined) return;
  const isProposal = typeof property === 'object' && property !== null;
  throw misuse(
    `Expected ${place} to stand on a class, got ${isProposal ? 'a call that follows the ECMAScript proposal' : 'a member or a parameter'}.`,
    isProposal
      ? 'Nest uses the earlier decorators: set `experimentalDecorators` and `emitDecoratorMetadata` in tsconfig.json.'
      : "For one method, tell its own decorator: @Cacheable(botDetails, undefined, { ttl: '1m' }).",
  );
}

function checkPrefix(prefix: unknown, place: string): void {
  if (prefix === undefined) return;
  if (typeof prefix === 'string' && PREFIX.test(prefix) && prefix.length <= LONGEST_PREFIX) return;
  throw misuse(
    `Expected \`prefix\` of ${place} to be 1 to ${LONGEST_PREFIX} letters, digits and inner \`. _ -\`, got ` +
      `${typeof prefix === 'string' ? JSON.stringify(prefix) : describeType(prefix)}.`,
    "Write it as in @CacheDefaults({ prefix: 'bots' }).",
  );
}
