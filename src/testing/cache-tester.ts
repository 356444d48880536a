import { AssertionError } from 'node:assert';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { CacheModuleOptions } from '../cache.options.js';
import type { CacheTarget } from '../definition/define-cache.js';
import { parseDuration, type Duration } from '../definition/duration.js';
import { isTarget, type Evictable } from '../definition/target.js';
import { parsePattern } from '../definition/template.js';
import type { CacheEngine } from '../engine/cache-engine.js';
import type { CacheEviction } from '../engine/events.js';
import type { SharedSide, SharedSideParts, TestSurroundings } from '../shared-side.js';
import { CacheRecord, type CacheEvent } from './cache-record.js';
import { FakeClock } from './fake-clock.js';
import { StandIn } from './stand-in.js';

/** Options of `CacheTestingModule`: those of `CacheModule` that make sense without Redis, all with a default. */
export interface CacheTestingOptions extends Partial<Omit<CacheModuleOptions, 'redis' | 'clock'>> {
  /** @default a new one */
  readonly clock?: FakeClock;
  /** How long a call waits for a cache that hangs, in real time. @default '100ms' */
  readonly deadline?: Duration;
}

/** What a test sees of the caches of its application, and does to them. `CacheTestingModule` provides it. */
export class CacheTester implements TestSurroundings {
  /** The time of the caches. It stands still until it is told to advance. */
  readonly clock: FakeClock;
  private readonly record = new CacheRecord();
  private standIn: StandIn | undefined;
  private engine: CacheEngine | undefined;

  /** Made by `CacheTestingModule`. */
  constructor(private readonly given: CacheTestingOptions) {
    this.clock = given.clock ?? new FakeClock();
  }

  /** Everything that happened in the caches so far, in its order. What the test itself looks up is none of it. */
  get events(): readonly CacheEvent[] {
    return this.record.events;
  }

  /** Forgets what happened so far: for a test that is about what happens from now on. What is cached, stays. */
  forget(): void {
    this.record.forget();
  }

  /** How often the value of an entry, or those of a cache (`botList.all()`), were loaded, failures included. */
  loadsOf(target: CacheTarget): number {
    const key = keyOf(target);
    return this.events.filter(
      (event) =>
        event.type === 'load' && event.cache === target.of.name && (key === undefined || event.key === key),
    ).length;
  }

  /**
   * Sees to it that an entry is stored and not expired; with a value, that it is that one.
   *
   * @example
   * await cache.expectCached(botDetails.at('42'), { id: '42', name: 'Ada' })
   *
   * @throws AssertionError
   */
  async expectCached<Value>(
    target: CacheTarget<Value>,
    ...value: readonly [] | readonly [value: NoInfer<Value>]
  ): Promise<void> {
    const stored = await this.lookUp(target);
    if (stored === undefined)
      throw this.fault(`Expected ${nameOf(target)} to be cached, but it is not.`, target);
    if (value.length === 0 || isDeepStrictEqual(stored.value, value[0])) return;
    throw new AssertionError({
      message: `Expected ${nameOf(target)} to be cached with another value.`,
      actual: stored.value,
      expected: value[0],
      operator: 'deepStrictEqual',
    });
  }

  /**
   * Sees to it that an entry is not stored, or expired.
   *
   * @throws AssertionError
   */
  async expectNotCached(target: CacheTarget): Promise<void> {
    const stored = await this.lookUp(target);
    if (stored !== undefined)
      throw this.fault(`Expected ${nameOf(target)} not to be cached, but it is.`, target);
  }

  /**
   * Sees to it that something was evicted: a tag, a pattern, a cache as such; an entry in whatever way since it was stored
   * last, and that it is not stored any more.
   *
   * @example
   * await cache.expectEvicted(tag`org:${'acme'}:bots`)
   * await cache.expectEvicted(botDetails.at('42'))
   *
   * @throws AssertionError
   */
  async expectEvicted(evictable: Evictable): Promise<void> {
    this.refuseBroken();
    const name = nameOf(evictable);
    const isEntry = isTarget(evictable) && evictable.args !== undefined;
    if (!isEntry) return expectAmong(this.record.evictions, whatEvicts(evictable), `${name} to be evicted`);
    const key = keyOf(evictable) ?? '';
    const stored = this.record.lastStored(evictable.of.name, key);
    if (stored === undefined) {
      throw new AssertionError({ message: `Expected ${name} to be evicted, but it was never stored.` });
    }
    const { tags, evictedSince } = stored;
    const isMeant = whatEvictsEntry(evictable.of.name, key, tags);
    expectAmong(evictedSince, isMeant, `${name} to be evicted since it was stored last`);
    await this.expectNotCached(evictable);
  }

  /** From now on every operation of the cache fails at once, as when Redis is down. */
  fail(): Promise<void> {
    return this.become('fails');
  }

  /** From now on no operation of the cache ends, as when Redis hangs: calls wait for one deadline, later for none. */
  hang(): Promise<void> {
    return this.become('hangs');
  }

  /** The cache works again; what was evicted meanwhile is carried out first. */
  recover(): Promise<void> {
    return this.become('works');
  }

  /** Waits for what goes on in the background, such as the refresh of a stale entry. */
  settled(): Promise<void> {
    return this.attached.background.drain();
  }

  /** @internal */
  options(given: CacheModuleOptions): CacheModuleOptions {
    const { deadline: _, ...own } = this.given;
    const defaults = { jitter: 0, ...given.defaults, ...own.defaults };
    return { ...given, ...own, namespace: own.namespace ?? given.namespace, defaults, clock: this.clock };
  }

  /** @internal */
  sharedSide(parts: SharedSideParts): SharedSide {
    const deadline = parseDuration(this.given.deadline ?? '100ms', '`deadline` of CacheTestingModule');
    this.standIn = new StandIn(parts, deadline);
    return this.standIn;
  }

  /** @internal */
  observe({ engine, events }: Parameters<TestSurroundings['observe']>[0]): void {
    this.engine = engine;
    this.record.follow(events);
  }

  private async become(mood: Parameters<StandIn['become']>[0]): Promise<void> {
    void this.attached;
    await this.standIn?.become(mood);
  }

  private get attached(): CacheEngine {
    if (this.engine !== undefined) return this.engine;
    throw new AssertionError({
      message:
        'Expected the application to have a CacheModule, got none. Use CacheTestingModule.forRoot() in place of ' +
        'forApp(): it brings one.',
    });
  }

  private async lookUp({ of, args }: CacheTarget): Promise<{ readonly value: unknown } | undefined> {
    this.refuseBroken();
    if (args === undefined) {
      throw new AssertionError({
        message: `Expected one entry, such as ${of.name}.at(…), got the whole cache.`,
      });
    }
    const peeked = await this.attached.peek(of, args);
    if (peeked.kind === 'unavailable') throw unreadable('could not be asked');
    return peeked.kind === 'stored' ? peeked : undefined;
  }

  /** Nothing could be found, whatever is stored, and what is evicted waits. */
  private refuseBroken(): void {
    void this.attached;
    const mood = this.standIn?.mood ?? 'works';
    if (mood !== 'works') throw unreadable(`${mood}, as it was told to`);
  }

  private fault(message: string, target: CacheTarget): AssertionError {
    const key = keyOf(target);
    const about = this.events.filter(
      (event) => ('key' in event && event.key === key) || event.type === 'evict',
    );
    const told = about.map((event) => `\n- ${inspect(event, { breakLength: Infinity })}`).join('');
    return new AssertionError({ message: `${message} What happened:${told === '' ? ' nothing' : told}` });
  }
}

function keyOf({ of, args }: CacheTarget): string | undefined {
  return args === undefined ? undefined : of.key(...args);
}

function nameOf(evictable: Evictable): string {
  if (typeof evictable === 'string') return `tag ${evictable}`;
  if (!isTarget(evictable)) return `pattern ${evictable.text}`;
  const key = keyOf(evictable);
  return key === undefined ? `cache ${evictable.of.name}` : `${key} of cache ${evictable.of.name}`;
}

function unreadable(why: string): AssertionError {
  return new AssertionError({
    message: `Expected the cache to work when the test looks at it, but it ${why}. Call \`recover()\` before.`,
  });
}

function expectAmong(evictions: readonly CacheEviction[], isMeant: IsMeant, wish: string): void {
  if (evictions.some(isMeant)) return;
  const found = evictions.map(({ kind, what }) => `${kind} ${what}`.trim()).join(', ');
  throw new AssertionError({
    message: `Expected ${wish}, but evicted were: ${found === '' ? 'none' : found}.`,
  });
}

type IsMeant = (eviction: CacheEviction) => boolean;

/** Which evictions are those of a tag, a pattern, a cache. */
function whatEvicts(evictable: Evictable): IsMeant {
  if (typeof evictable === 'string') return ({ kind, what }) => kind === 'tag' && what === evictable;
  if (!isTarget(evictable)) return ({ kind, what }) => kind === 'pattern' && what === evictable.text;
  return ({ kind, what }) => kind === 'all' || (kind === 'cache' && what === evictable.of.name);
}

/** Which evictions reach an entry. */
function whatEvictsEntry(cache: string, key: string, tags: readonly string[]): IsMeant {
  const reaches: Readonly<Record<CacheEviction['kind'], (what: string) => boolean>> = {
    all: () => true,
    cache: (what) => what === cache,
    pattern: (what) => parsePattern(what).matches(key),
    key: (what) => what === key,
    tag: (what) => tags.includes(what),
  };
  return ({ kind, what }) => reaches[kind](what);
}
