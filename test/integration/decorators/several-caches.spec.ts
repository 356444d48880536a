import { Injectable } from '@nestjs/common';
import { CacheEvict, CachePut, CacheService, Cacheable, defineCache, key } from 'nestjs-roost';
import { FakeClock } from 'nestjs-roost/testing';
import { useApps, type TestingApp } from './support/testing-app.js';

const near = defineCache({ name: 'near', key: (id: string) => key`near:${id}`, ttl: '1m' });
const far = defineCache({ name: 'far', key: (org: string, id: string) => key`far:${org}:${id}`, ttl: '1h' });
const stale = defineCache({
  name: 'stale',
  key: (_org: string, id: string) => key`stale:${id}`,
  ttl: '1m',
  staleWhileRevalidate: '1h',
});

@Injectable()
class Bots {
  calls = 0;
  blocked: Promise<void> | undefined;

  @Cacheable(near, (_org: string, id: string) => [id])
  @Cacheable(far)
  async find(_org: string, _id: string): Promise<number> {
    this.calls += 1;
    const answer = this.calls;
    await this.blocked;
    return answer;
  }

  @Cacheable(near, (_org: string, id: string) => [id], {
    when: (org: string) => org !== 'guest',
    unless: (result: number) => result < 0,
  })
  @Cacheable(far, undefined, { when: (_org: string, id: string) => id !== 'secret' })
  @Cacheable({ ttl: '1m', name: 'third' })
  async conditional(_org: string, id: string): Promise<number> {
    this.calls += 1;
    return id === 'negative' ? -this.calls : this.calls;
  }

  @CachePut({ cache: near, select: (_result: number, _org: string, id: string) => [`put:${id}`] })
  @Cacheable(near, (_org: string, id: string) => [id], { unless: (result: number) => result > 1 })
  @Cacheable(far)
  async put(_org: string, _id: string): Promise<number> {
    this.calls += 1;
    return this.calls;
  }

  @CacheEvict({ cache: near, select: (_result: number, _org: string, id: string) => [id] })
  @Cacheable(near, (_org: string, id: string) => [id])
  @Cacheable(far)
  async findAndEvict(_org: string, _id: string): Promise<number> {
    this.calls += 1;
    return this.calls;
  }

  @Cacheable(far)
  @Cacheable(near, (_org: string, id: string) => [id])
  async findOtherWay(_org: string, _id: string): Promise<number> {
    this.calls += 1;
    return this.calls;
  }

  @Cacheable(near, (_org: string, id: string) => [id])
  @Cacheable(stale)
  async maybeStale(_org: string, _id: string): Promise<number> {
    this.calls += 1;
    return this.calls;
  }
}

describe('several @Cacheable on one method', () => {
  const start = useApps();
  const clock = new FakeClock();
  let app: TestingApp;
  let bots: Bots;
  let caches: CacheService;

  beforeEach(async () => {
    app = await start({ providers: [Bots] }, { clock, defaults: { jitter: 0 } });
    bots = app.get(Bots);
    caches = app.get(CacheService);
  });

  const stored = async (id = '1') => [await caches.cache(near).get(id), await caches.cache(far).get('a', id)];

  it('are asked from the topmost to the lowest, which runs the method; all of them store what it returns', async () => {
    const { result, reads } = await caches.trace(() => bots.find('a', '1'));

    expect(result).toBe(1);
    // A read is over when those behind it are.
    expect(reads.map(({ cache, outcome }) => [cache, outcome])).toEqual([
      ['far', 'miss'],
      ['near', 'miss'],
    ]);
    expect(await stored()).toEqual([1, 1]);
  });

  it('leave those behind in peace when one has an answer', async () => {
    await bots.find('a', '1');
    const { result, reads } = await caches.trace(() => bots.find('a', '1'));

    expect(result).toBe(1);
    expect(reads.map(({ cache, outcome }) => [cache, outcome])).toEqual([['near', 'hit']]);
  });

  it('return what a later one has stored, and do not copy it into those before it', async () => {
    await bots.find('a', '1');
    await caches.cache(near).evict('1');

    expect(await bots.find('a', '1')).toBe(1);
    expect(bots.calls).toBe(1);
    expect(await stored()).toEqual([undefined, 1]);
  });

  it('do not copy what somebody else is loading into a later one', async () => {
    let finish!: () => void;
    let running!: () => void;
    const isRunning = new Promise<void>((resolve) => (running = resolve));
    const loading = caches.cache(far).getOrLoad(['a', '1'], () => {
      running();
      return new Promise<number>((resolve) => (finish = () => resolve(7)));
    });
    await isRunning;
    const joined = bots.find('a', '1');
    // The read of `near`, and the wait at `far`, begin in the same turn as far as memory goes.
    await new Promise((resolve) => setImmediate(resolve));
    finish();

    expect(await Promise.all([loading, joined])).toEqual([7, 7]);
    expect(bots.calls).toBe(0);
    expect(await stored()).toEqual([undefined, 7]);
  });

  it('do not copy what a later one serves stale, though it is loading meanwhile', async () => {
    await bots.maybeStale('a', '1');
    clock.advance('2m');

    expect(await bots.maybeStale('a', '1')).toBe(1);
    expect(await caches.cache(near).get('1')).toBeUndefined();
  });

  it('share one call of the method among all who ask at the same time', async () => {
    let finish!: () => void;
    bots.blocked = new Promise((resolve) => (finish = resolve));
    const callers = ['1', '1', '1'].map((id) => bots.find('a', id));
    finish();

    expect(await Promise.all(callers)).toEqual([1, 1, 1]);
    expect(bots.calls).toBe(1);
    expect(await stored()).toEqual([1, 1]);
  });

  it('store nowhere what throws', async () => {
    bots.blocked = Promise.reject(new Error('down'));

    await expect(bots.find('a', '1')).rejects.toThrow('down');
    expect(await stored()).toEqual([undefined, undefined]);
  });

  it('have each a `when` of its own: those that are left out are passed by', async () => {
    const guest = await caches.trace(() => bots.conditional('guest', '1'));
    expect(guest.reads.map(({ cache, outcome }) => [cache, outcome])).toEqual(
      [
        ['near', 'bypass'],
        ['far', 'miss'],
        ['third', 'miss'],
      ].toSorted(byOrderOf(guest.reads)),
    );
    expect(await caches.cache(near).get('1')).toBeUndefined();

    const secret = await bots.conditional('a', 'secret');
    expect(await caches.cache(near).get('secret')).toBe(secret);
    expect(await caches.cache(far).get('a', 'secret')).toBeUndefined();
    expect(await bots.conditional('a', 'secret')).toBe(secret);
  });

  it('have each an `unless` of its own', async () => {
    expect(await bots.conditional('a', 'negative')).toBe(-1);
    expect(await stored('negative')).toEqual([undefined, -1]);
  });

  it('become puts beside a @CachePut, each with its `unless`', async () => {
    expect(await bots.put('a', '1')).toBe(1);
    expect(await stored()).toEqual([1, 1]);
    expect(await caches.cache(near).get('put:1')).toBe(1);

    expect(await bots.put('a', '1')).toBe(2);
    expect(await stored()).toEqual([1, 2]);
    expect(await caches.cache(near).get('put:1')).toBe(2);
  });

  it('store nothing inside a transaction, and skip what it has evicted', async () => {
    await bots.find('a', '1');
    const inside = await caches.transaction(async () => {
      await caches.cache(near).evict('1');
      const ofFar = await bots.find('a', '1');
      await caches.cache(far).evict('a', '1');
      return [ofFar, await bots.find('a', '1'), await bots.find('a', '2')];
    });

    expect(inside).toEqual([1, 2, 3]);
    expect(await stored('1')).toEqual([undefined, undefined]);
    expect(await stored('2')).toEqual([undefined, undefined]);
  });

  it('do not wait for ever where another method asks them the other way round', async () => {
    const other = await start({ providers: [Bots] }, { lease: { wait: '20ms' } });
    const there = other.get(Bots);

    const answers = await Promise.all([there.find('a', '1'), there.findOtherWay('a', '1')]);
    expect(answers.every((answer) => answer > 0)).toBe(true);
  });

  it('evict on a hit, too', async () => {
    await bots.findAndEvict('a', '1');
    expect(await bots.findAndEvict('a', '1')).toBe(1);
    expect(await stored()).toEqual([undefined, 1]);
  });

  it('keep evictions final: one that comes while a later cache answers leaves nothing behind', async () => {
    await caches.cache(far).set(['a', '1'], 41);
    const reading = bots.find('a', '1');
    await caches.cache(near).evict('1');
    await reading;

    expect(await caches.cache(near).get('1')).toBeUndefined();
  });
});

/** The order in which reads end is not what that test is about. */
function byOrderOf(reads: readonly { readonly cache: string }[]) {
  const order = reads.map(({ cache }) => cache);
  return ([a]: readonly string[], [b]: readonly string[]) => order.indexOf(a ?? '') - order.indexOf(b ?? '');
}
