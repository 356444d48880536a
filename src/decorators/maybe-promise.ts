/** What may have to be waited for. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** Whether there is something to wait for. Not by class: a promise may come from another realm, or library. */
export function isThenable<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function';
}

/** Goes on at once where there is nothing to wait for. */
export function followedBy<T, R>(value: MaybePromise<T>, act: (value: T) => R): R | Promise<Awaited<R>> {
  // Whatever `then` may be, what callers get is a promise.
  return isThenable(value) ? (Promise.resolve(value).then(act) as Promise<Awaited<R>>) : act(value);
}

/** All of them, at once where there is nothing to wait for. */
export function allOf<T>(values: readonly MaybePromise<T>[]): MaybePromise<readonly T[]> {
  if (!values.some(isThenable)) return values as readonly T[];
  return Promise.all(values.map((value) => Promise.resolve(value)));
}

/** What it gives, or the promise of its error: for one among others that are under way. */
export function attempt<T>(make: () => MaybePromise<T>): MaybePromise<T> {
  try {
    return make();
  } catch (error) {
    return Promise.reject(error);
  }
}
