/** Something that is being tried, of which it is known whether it is still going on when nobody waits any more. */
export class Attempt<T> {
  isOver = false;
  readonly result: Promise<T>;
  /** Never rejects. */
  readonly ended: Promise<void>;

  constructor(work: () => T | PromiseLike<T>) {
    this.result = (async () => work())();
    const end = () => void (this.isOver = true);
    this.ended = this.result.then(end, end);
  }
}
