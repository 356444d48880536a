import { types } from 'node:util';
import { describeType } from '../definition/describe-type.js';
import type { UserFunction } from './user-function.js';
import { misuse } from './misuse.js';

/** What a decorator stands on, once that has been checked. */
export interface DecoratedMethod {
  readonly descriptor: PropertyDescriptor;
  readonly original: UserFunction;
}

interface Finding {
  readonly found: string;
  readonly solution: string;
}

/** Class and method of a decorated place, as far as it has them. */
export function describePlace(decorator: string, target: unknown, property: unknown): string {
  const owner = typeof target === 'function' ? target : (target as object | undefined)?.constructor;
  const isNamed = typeof property === 'string' || typeof property === 'symbol';
  return `@${decorator} of ${[owner?.name ?? '?', ...(isNamed ? [String(property)] : [])].join('.')}`;
}

/**
 * The method that a decorator stands on.
 *
 * @throws CacheError `CACHE_INVALID_USE` when it stands on anything else
 */
export function decoratedMethod(
  decorator: string,
  target: unknown,
  property: unknown,
  descriptor: unknown,
): DecoratedMethod {
  const finding = wrongPlace(target, property, descriptor) ?? wrongMember(descriptor as PropertyDescriptor);
  if (finding === undefined) {
    const method = descriptor as PropertyDescriptor & { readonly value: UserFunction };
    return { descriptor: method, original: method.value };
  }
  throw misuse(
    `Expected ${describePlace(decorator, target, property)} to stand on an async method, got ${finding.found}.`,
    finding.solution,
  );
}

function wrongPlace(target: unknown, property: unknown, descriptor: unknown): Finding | undefined {
  if (typeof property === 'object') {
    return {
      found: 'a call that follows the ECMAScript proposal',
      solution:
        'Nest uses the earlier decorators: set `experimentalDecorators` and `emitDecoratorMetadata` in tsconfig.json.',
    };
  }
  if (property === undefined) {
    return typeof descriptor === 'number'
      ? { found: 'a parameter', solution: 'Decorate a method.' }
      : { found: 'a class', solution: 'Decorate the methods one by one.' };
  }
  if (typeof descriptor === 'number')
    return { found: 'a parameter', solution: 'Decorate the method itself.' };
  if (typeof target === 'function') {
    return {
      found: 'a static member',
      solution:
        'Make it a method of the instance: a class may serve several applications, a cache serves one.',
    };
  }
  return undefined;
}

function wrongMember(descriptor: PropertyDescriptor | undefined): Finding | undefined {
  if (descriptor?.get !== undefined || descriptor?.set !== undefined) {
    return { found: 'an accessor', solution: 'Make it an async method: what a cache holds comes later.' };
  }
  const value: unknown = descriptor?.value;
  if (typeof value !== 'function') {
    return {
      found: value === undefined ? 'a property' : `a property that holds ${describeType(value)}`,
      solution: 'Write it as a method: `async find(id: string) { … }`.',
    };
  }
  if (types.isGeneratorFunction(value)) {
    return {
      found: 'a generator',
      solution: 'Return a promise of all values at once: a sequence under way has no stored form.',
    };
  }
  return undefined;
}
