/**
 * Injection tokens are made with `Symbol.for`, so that an application that loads the ESM and the CommonJS build
 * side by side still has one of each.
 */
export const CACHE_SERVICE: unique symbol = Symbol.for('nestjs-roost:cache-service');

/** What works behind the facade, for the module's own parts. */
export const CACHE_RUNTIME: unique symbol = Symbol.for('nestjs-roost:runtime');

/** What takes the place of Redis and of the clock in tests; nobody provides it otherwise. */
export const CACHE_TESTING: unique symbol = Symbol.for('nestjs-roost:testing');
