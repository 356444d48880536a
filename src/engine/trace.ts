import { AsyncLocalStorage } from 'node:async_hooks';
import type { CacheEvents, CacheRead } from './events.js';

/** Collects the reads that are made inside a piece of work. Costs nothing to reads while nothing is traced. */
export class ReadTrace {
  private readonly storage = new AsyncLocalStorage<CacheRead[]>();
  private active = 0;
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly events: CacheEvents) {}

  async run<T>(work: () => Promise<T>): Promise<{ result: T; reads: readonly CacheRead[] }> {
    const reads: CacheRead[] = [];
    this.begin();
    try {
      const result = await this.storage.run(reads, work);
      // What work has left behind may go on reading.
      return { result, reads: [...reads] };
    } finally {
      this.end();
    }
  }

  private begin(): void {
    this.active += 1;
    this.unsubscribe ??= this.events.reads.subscribe((read) => {
      const { duration: _, ...record } = read;
      this.storage.getStore()?.push(record);
    });
  }

  private end(): void {
    this.active -= 1;
    if (this.active > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = undefined;
  }
}
