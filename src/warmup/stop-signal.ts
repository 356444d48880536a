import { setMaxListeners } from 'node:events';

/** An `AbortController` that is aborted with others. Not `AbortSignal.any`, which is never rid of what it was given. */
export class StopSignal {
  private readonly controller = new AbortController();
  private readonly releases: readonly (() => void)[];

  constructor(...parents: readonly AbortSignal[]) {
    setMaxListeners(0, this.signal);
    this.releases = parents.map((parent) => {
      const stop = () => this.stop(parent.reason);
      if (parent.aborted) stop();
      else parent.addEventListener('abort', stop, { once: true });
      return () => parent.removeEventListener('abort', stop);
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isStopped(): boolean {
    return this.signal.aborted;
  }

  stop(reason?: unknown): void {
    this.controller.abort(reason);
  }

  /** It is not needed any more. */
  release(): void {
    for (const release of this.releases) release();
  }
}
