/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve!: (value: T | Promise<T>) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
