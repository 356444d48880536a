import type { CacheRuntime } from '../../src/cache.runtime.js';
import { pattern, tag } from '../../src/definition/template.js';
import type { Floors } from './fleet-floors.js';
import { groupOf, isTaggedByCall, isTaggedByValue, ownedItem, SHARED_ITEMS } from './fleet-items.js';
import { callTagsOf, valueTagOf, type Raced } from './fleet-raced.js';
import type { VersionSource } from './fleet-source.js';

const FLOOR = 'floor';

/** The one who writes in a race: it changes the source, then evicts or puts, in every way there is. */
export class RaceWriter {
  writes = 0;
  private readonly owned: string;
  private turn: number;

  constructor(
    member: number,
    private readonly runtime: CacheRuntime,
    private readonly raced: Raced,
    private readonly source: VersionSource,
    private readonly floors: Floors,
  ) {
    this.owned = ownedItem(member);
    this.turn = member;
  }

  /** Changes one item that all processes change, or a group of them, or all. */
  async changeShared(): Promise<void> {
    const { writes } = this.runtime.engine;
    const item = SHARED_ITEMS[Math.floor(Math.random() * SHARED_ITEMS.length)] ?? '';
    const cache = this.raced.of(item);
    const members = SHARED_ITEMS.filter((other) => groupOf(other) === groupOf(item));
    const ways = [
      () => this.write([item], 'key', () => cache.evict(item)),
      () => this.write([item], 'tag', () => writes.evictTags([tag`item:${item}`])),
      () => this.write([item], 'pattern', () => writes.evictMatching(pattern`raced:${item}*`)),
      () => this.write(members, 'group', () => writes.evictTags([tag`group:${groupOf(item)}`])),
      () => this.write([item], 'key', () => cache.evict(item)),
      () => this.write([item], 'pattern', () => writes.evictMatching(pattern`raced:${item}*`)),
      () => this.write(members, 'keys', () => cache.evictMany(members.map((member) => [member] as const))),
      () =>
        this.write(members.filter(isTaggedByCall), 'tag of calls', () => writes.evictTags(callTagsOf(item))),
      () =>
        this.write(members.filter(isTaggedByValue), 'tag of values', () =>
          writes.evictTags([valueTagOf(item)]),
        ),
      () =>
        this.write(
          SHARED_ITEMS.filter((other) => this.raced.of(other) === cache),
          'clear',
          () => cache.clear(),
        ),
    ];
    await ways[(this.turn += 1) % ways.length]?.();
  }

  /** Changes the item that only this process changes: what it puts is the newest there is. */
  async changeOwned(): Promise<void> {
    const { owned } = this;
    const cache = this.raced.of(owned);
    const ways = [
      () => this.write([owned], 'put', ([version = 0]) => cache.set([owned], version)),
      () => this.write([owned], 'key', () => cache.evict(owned)),
      () => this.write([owned], 'put', ([version = 0]) => cache.set([owned], version)),
      () =>
        this.write([owned], 'group', () =>
          this.runtime.engine.writes.evictTags([tag`group:${groupOf(owned)}`]),
        ),
    ];
    await ways[this.turn % ways.length]?.();
  }

  /** Tells the other processes something, by the way on which evictions go, behind those before. */
  async tell(...keys: readonly string[]): Promise<void> {
    await this.runtime.redis?.guard.announce({ keys });
  }

  /** Another process has said that its eviction is done. Its message with the eviction itself has come before. */
  heard(text: string): void {
    const [kind, item = '', version, way = ''] = text.split(':');
    if (kind === FLOOR) this.floors.raise(item, Number(version), `another process's eviction by ${way}`);
  }

  /** Changes the source, then evicts; what is acknowledged then is what every later read must see. */
  private async write(
    items: readonly string[],
    way: string,
    evict: (versions: readonly number[]) => Promise<unknown>,
  ): Promise<void> {
    const versions = await this.source.change(items);
    await evict(versions);
    for (const [i, item] of items.entries())
      this.floors.raise(item, versions[i] ?? 0, `its eviction by ${way}`);
    this.writes += 1;
    // Where Redis could not be reached it is final in this process only, until it is made good.
    if (!(await this.runtime.redis!.guard.catchUp())) return;
    await this.tell(...items.map((item, i) => [FLOOR, item, versions[i] ?? 0, way].join(':')));
  }
}
