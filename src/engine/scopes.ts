import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheCalls } from './calls.js';

/** Who answers calls that are made inside some work, and all that it calls: a transaction, a warmup, or the engine. */
export class Scopes {
  private readonly storage = new AsyncLocalStorage<CacheCalls>();
  private areUsed = false;

  constructor(
    /** The engine's own answers. */
    readonly engine: CacheCalls,
  ) {}

  /** Answers whoever asks now. */
  get calls(): CacheCalls {
    return this.areUsed ? (this.storage.getStore() ?? this.engine) : this.engine;
  }

  /** Runs work whose calls are answered by `calls`. */
  run<T>(calls: CacheCalls, work: () => T): T {
    this.areUsed = true;
    return this.storage.run(calls, work);
  }
}
