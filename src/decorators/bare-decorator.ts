import { describePlace } from './decorated-method.js';
import { misuse } from './misuse.js';

/**
 * Refuses a decorator without parentheses: TypeScript then calls the function that makes the decorator in place of
 * the decorator, and ignores what it returns.
 *
 * @param given what that function was called with
 * @param example how it is written
 * @throws CacheError `CACHE_INVALID_USE`
 */
export function refuseBare(decorator: string, given: readonly unknown[], example: string): void {
  const [target, property, third] = given;
  if (!isPlace(target, property, third)) return;
  throw misuse(
    `Expected ${describePlace(decorator, target, property)} to be called, got it without parentheses.`,
    `Write it as in \`${example}\`.`,
  );
}

/** Whether these are the arguments of a decorator: of a member, a parameter, a class, or of the ECMAScript proposal. */
function isPlace(target: unknown, property: unknown, third: unknown): boolean {
  if (typeof property === 'object' && property !== null && 'kind' in property && 'name' in property)
    return true;
  if (typeof property === 'string' || typeof property === 'symbol')
    return isClass(target) || isPrototype(target);
  return property === undefined && isClass(target) && (third === undefined || typeof third === 'number');
}

function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

function isPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'constructor');
}
