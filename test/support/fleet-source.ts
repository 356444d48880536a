import { Redis } from 'ioredis';

/** The source of truth behind the caches under test: a version per item, in a Redis that knows of no cache. */
export class VersionSource {
  private readonly client: Redis;

  constructor(url: string) {
    this.client = new Redis(url);
  }

  async version(item: string): Promise<number> {
    return Number((await this.client.get(item)) ?? 0);
  }

  /** Changes items; tells their new versions. */
  change(items: readonly string[]): Promise<number[]> {
    return Promise.all(items.map((item) => this.client.incr(item)));
  }

  async close(): Promise<void> {
    await this.client.quit();
  }
}
