import { CacheError } from 'nestjs-roost';

/** What JavaScript can pass to a decorator, for which TypeScript would not compile. */
export type Loose = (...args: readonly unknown[]) => (...place: readonly unknown[]) => void;

/** Applies a decorator to a member of a class. */
export function decorate(
  decorator: (...place: readonly unknown[]) => void,
  owner: object,
  name: string,
): void {
  decorator(owner, name, Object.getOwnPropertyDescriptor(owner, name));
}

/** The error of this library that something throws. */
export function failureOf(action: () => void): CacheError {
  try {
    action();
  } catch (error) {
    if (error instanceof CacheError) return error;
    throw error;
  }
  throw new Error('Expected it to be refused.');
}
