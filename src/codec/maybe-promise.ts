/**
 * Whether there is something to wait for. Not by `instanceof`: in Jest, what Node's own functions promise is no
 * instance of the tests' `Promise`.
 */
export function isPromise<T extends object>(value: T | Promise<T>): value is Promise<T> {
  return 'then' in value;
}

/** Goes on at once where there is nothing to wait for. */
export function followedBy<T extends object, R>(value: T | Promise<T>, act: (value: T) => R): R | Promise<R> {
  return isPromise(value) ? value.then(act) : act(value);
}
