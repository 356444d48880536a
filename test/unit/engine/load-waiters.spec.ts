import { LoadWaiters } from '../../../src/engine/load-waiters.js';

const FOR_EVER_MS = 2 ** 31 - 1;

describe('those who wait for a load', () => {
  it.each(['over', 'unstored'] as const)('are told how it ended: %s', async (ending) => {
    const waiters = new LoadWaiters();
    const both = [waiters.enter('a'), waiters.enter('a')].map((waiter) => waiter.wait(FOR_EVER_MS));
    expect(waiters.size).toBe(2);
    waiters.wake('b', ending);
    expect(waiters.size).toBe(2);
    waiters.wake('a', ending);
    expect(await Promise.all(both)).toEqual([ending, ending]);
    expect(waiters.size).toBe(0);
  });

  it('hear of an end between listening and waiting', async () => {
    const waiters = new LoadWaiters();
    const waiter = waiters.enter('a');
    waiter.listen();
    waiters.wake('a', 'unstored');
    expect(await waiter.wait(FOR_EVER_MS)).toBe('unstored');
  });

  it('take an end from before they listened for no news', async () => {
    const waiters = new LoadWaiters();
    const waiter = waiters.enter('a');
    waiters.wake('a');
    waiter.listen();
    expect(await waiter.wait(1)).toBeUndefined();
  });

  it('go on when they have waited long enough, and leave nothing behind', async () => {
    const waiters = new LoadWaiters();
    const waiter = waiters.enter('a');
    expect(await waiter.wait(1)).toBeUndefined();
    waiters.leave('a', waiter);
    const later = waiters.enter('a');
    waiters.wake('a');
    expect(await later.wait(FOR_EVER_MS)).toBe('over');
  });

  it('are all woken at once', async () => {
    const waiters = new LoadWaiters();
    const all = ['a', 'b'].map((key) => waiters.enter(key).wait(FOR_EVER_MS));
    waiters.wakeAll();
    expect(await Promise.all(all)).toEqual(['over', 'over']);
  });
});
