import type { CachePattern } from '../../../../src/definition/template.js';
import type { Invalidation } from '../../../../src/engine/bus.js';
import type { Reachable } from '../../../../src/resilience/gate.js';
import type { QueuedStore } from '../../../../src/resilience/outage-queue.js';

/** What the queue asks of store, bus and connection, in order, and what they answer. */
export class FakeRedis implements QueuedStore, Reachable {
  ready = true;
  servers: readonly string[] = ['run-1'];
  readonly log: string[] = [];
  /** Before an operation is done: what it is to wait for, or fails with. */
  before: (operation: string) => Promise<void> = () => Promise.resolve();

  doubt(): void {}

  async probe(): Promise<void> {}

  async identity(): Promise<readonly string[]> {
    await this.do('identity');
    return this.servers;
  }

  release(key: string, lease: string): Promise<void> {
    return this.do(`release ${key} ${lease}`);
  }

  evict(keys: readonly string[]): Promise<void> {
    return this.do(`evict ${keys.length > 10 ? keys.length : keys.join()}`);
  }

  evictTags(tags: readonly string[]): Promise<void> {
    return this.do(`evict tags ${tags.join()}`);
  }

  async evictMatching({ text }: CachePattern): Promise<number> {
    await this.do(`evict matching ${text}`);
    return 0;
  }

  publish({ keys = [], tags = [], patterns = [] }: Invalidation): Promise<void> {
    return this.do(`publish ${[...keys, ...tags, ...patterns].slice(0, 10).join()}`);
  }

  /** What has been asked since this was last looked at. */
  get asked(): string[] {
    return this.log.splice(0);
  }

  private async do(operation: string): Promise<void> {
    this.log.push(operation);
    await this.before(operation);
  }
}
