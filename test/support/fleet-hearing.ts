import type { CacheRuntime } from '../../src/cache.runtime.js';
import { wrapMethod } from './fleet-wrap.js';

/** What a process has heard on the bus: lets a test wait for a message, and act when it has been dealt with. */
export class Hearing {
  private readonly heard = new Set<string>();
  private readonly listeners = new Set<(keyOrTag: string) => void>();

  constructor({ engine: { coherence } }: CacheRuntime) {
    wrapMethod(coherence, 'invalidated', (invalidated) => (invalidation) => {
      invalidated.call(coherence, invalidation);
      for (const text of [...(invalidation.keys ?? []), ...(invalidation.tags ?? [])]) this.note(text);
    });
  }

  /** Calls the function with every key and tag from now on, after the engine has dealt with its message. */
  onEach(listener: (keyOrTag: string) => void): void {
    this.listeners.add(listener);
  }

  hasHeard(keyOrTag: string): boolean {
    return this.heard.has(keyOrTag);
  }

  /** Resolves when the eviction of this key or tag has arrived. */
  of(keyOrTag: string): Promise<void> {
    if (this.heard.has(keyOrTag)) return Promise.resolve();
    return new Promise((resolve) => {
      const listener = (text: string) => {
        if (text !== keyOrTag) return;
        this.listeners.delete(listener);
        resolve();
      };
      this.listeners.add(listener);
    });
  }

  private note(keyOrTag: string): void {
    this.heard.add(keyOrTag);
    for (const listener of this.listeners) listener(keyOrTag);
  }
}
