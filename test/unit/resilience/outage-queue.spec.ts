import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { pattern } from '../../../src/definition/template.js';
import { ANY_TAG, EVERYTHING } from '../../../src/engine/bound-cache.js';
import type { Invalidation } from '../../../src/engine/bus.js';
import { Gate } from '../../../src/resilience/gate.js';
import { OutageQueue } from '../../../src/resilience/outage-queue.js';
import { FakeRedis } from './support/fake-redis.js';

describe('the queue of evictions', () => {
  let redis: FakeRedis;
  let queue: OutageQueue;
  let problems: unknown[];
  let replayed: Invalidation[];

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    redis = new FakeRedis();
    [problems, replayed] = [[], []];
    queue = new OutageQueue({
      store: redis,
      bus: redis,
      gate: new Gate({ connection: redis, deadline: 100, onBreaker: () => undefined }),
      onProblem: (_operation, error) => problems.push(error),
      onReplayed: (what) => replayed.push(what),
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const failFrom = (failing: string, error: Error = new Error('gone')) => {
    redis.before = (operation) => (operation.startsWith(failing) ? Promise.reject(error) : Promise.resolve());
  };
  const mend = () => {
    redis.before = () => Promise.resolve();
  };
  const settle = async () => {
    for (let turn = 0; turn < 10; turn += 1) await nextTurn();
  };
  /** Another connection comes about. */
  const connect = async (...servers: string[]) => {
    redis.servers = servers;
    queue.connected();
    await queue.replay();
  };

  it('has to find out whom it talks to before anything may be read', async () => {
    expect(queue.isBehind).toBe(true);
    expect(queue.isBlocking).toBe(true);
    await queue.replay();
    expect(queue.isBehind).toBe(false);
    expect(queue.isBlocking).toBe(false);
    expect(redis.asked).toEqual(['identity']);
    await queue.replay();
    expect(redis.asked).toEqual([]);
  });

  it('finds out, gives leases back, evicts tags, keys and patterns, and only then tells the others', async () => {
    queue.add({ patterns: [pattern`bot:*`.text] });
    queue.add({ keys: ['a', 'b'] });
    queue.add({ tags: ['t'] });
    queue.addRelease('c', 'lease');
    await queue.replay();
    expect(redis.asked).toEqual([
      'identity',
      'release c lease',
      `evict tags ${ANY_TAG},t`,
      'evict a,b',
      'evict matching bot:*',
      'publish a,b,t,bot:*',
    ]);
    expect(replayed).toEqual([{ keys: ['a', 'b'], tags: ['t'], patterns: ['bot:*'] }]);
    expect(queue.isBehind).toBe(false);
    expect(queue.size).toBe(0);
  });

  it('sends long lists in parts', async () => {
    queue.add({ keys: Array.from({ length: 1_100 }, (_, i) => `key:${i}`) });
    await queue.replay();
    expect(redis.asked.filter((operation) => operation.startsWith('evict'))).toEqual([
      'evict 500',
      'evict 500',
      'evict 100',
    ]);
  });

  it('holds a limited number, and then one eviction of everything', async () => {
    queue.add({ keys: Array.from({ length: 10_001 }, (_, i) => `key:${i}`) });
    expect(queue.size).toBe(1);
    expect(queue.covers('whatever', [])).toBe(true);
    await queue.replay();
    expect(redis.asked).toEqual(['identity', `evict tags ${ANY_TAG},${EVERYTHING}`, `publish ${EVERYTHING}`]);
  });

  it('does nothing while Redis can’t be asked', async () => {
    redis.ready = false;
    queue.add({ keys: ['a'] });
    await queue.replay();
    expect(redis.asked).toEqual([]);
    expect(queue.covers('a', [])).toBe(true);
    redis.ready = true;
    await queue.replay();
    expect(queue.isBehind).toBe(false);
  });

  it('carries out what is added meanwhile, too, and blocks reads until then', async () => {
    let goOn!: () => void;
    redis.before = (operation) =>
      operation === 'evict a' ? new Promise((resolve) => (goOn = resolve)) : Promise.resolve();
    queue.add({ keys: ['a'] });
    const replaying = queue.replay();
    await settle();
    // It has not been carried out yet: what is read meanwhile may be what it evicts.
    expect(queue.covers('a', [])).toBe(true);
    expect(queue.size).toBe(1);
    // Of the same key: it may be about what has been stored since.
    queue.add({ keys: ['a', 'b'] });
    expect(queue.isBlocking).toBe(true);
    expect(queue.covers('b', [])).toBe(true);
    expect(queue.replay()).toBe(replaying);
    goOn();
    await replaying;
    expect(redis.asked).toEqual(['identity', 'evict a', 'publish a', 'evict a,b', 'publish a,b']);
    expect(queue.isBlocking).toBe(false);
  });

  it.each(['evict tags', 'evict a', 'evict matching', 'publish'])(
    'keeps everything when it fails (%s), with what was added meanwhile, and tells nobody that it succeeded',
    async (failing) => {
      queue.add({ keys: ['a'], tags: ['t'], patterns: ['bot:*'] });
      let fail!: (error: Error) => void;
      redis.before = (operation) =>
        operation.startsWith(failing) ? new Promise((_, reject) => (fail = reject)) : Promise.resolve();
      const replaying = queue.replay();
      await settle();
      queue.add({ keys: ['b'] });
      fail(new Error('gone'));
      await replaying;
      expect(replayed).toEqual([]);
      expect(problems).toHaveLength(1);
      expect(queue.size).toBe(4);
      for (const key of ['a', 'b', 'bot:1']) expect(queue.covers(key, [])).toBe(true);
      expect(queue.covers('other', ['t'])).toBe(true);
      // What is not in the queue may be read: it has been tried in vain, and reads can't wait for ever.
      expect(queue.isBehind).toBe(true);
      expect(queue.isBlocking).toBe(false);
    },
  );

  it('tries again after a second, and not before', async () => {
    failFrom('evict');
    queue.add({ keys: ['a'] });
    await queue.replay();
    mend();
    expect(redis.asked).toEqual(['identity', 'evict a']);
    await jest.advanceTimersByTimeAsync(999);
    await queue.replay();
    expect(redis.asked).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await queue.replay();
    expect(redis.asked).toEqual(['evict a', 'publish a']);
    expect(queue.isBehind).toBe(false);
  });

  it('tries again at once with a new connection', async () => {
    failFrom('evict');
    queue.add({ keys: ['a'] });
    await queue.replay();
    mend();
    await connect('run-1');
    expect(queue.isBehind).toBe(false);
  });

  it('blocks reads as long as it can’t find out whom it talks to', async () => {
    failFrom('identity');
    await queue.replay();
    expect(problems).toHaveLength(1);
    expect(queue.isBlocking).toBe(true);
    mend();
    await jest.advanceTimersByTimeAsync(1_000);
    await queue.replay();
    expect(queue.isBlocking).toBe(false);
  });

  describe('when another server takes over', () => {
    beforeEach(async () => {
      await queue.replay();
      queue.remember({ keys: ['a'], tags: ['t'] });
      redis.log.length = 0;
    });

    it('issues the evictions of the last thirty seconds again', async () => {
      await jest.advanceTimersByTimeAsync(29_999);
      await connect('run-2');
      expect(redis.asked).toEqual(['identity', `evict tags ${ANY_TAG},t`, 'evict a', 'publish a,t']);
    });

    it('leaves those before alone', async () => {
      await jest.advanceTimersByTimeAsync(90_000);
      await connect('run-2');
      expect(redis.asked).toEqual(['identity']);
    });

    it('does nothing when it is the same one', async () => {
      await connect('run-1');
      expect(redis.asked).toEqual(['identity']);
      expect(queue.isBehind).toBe(false);
    });

    it('notices one among many', async () => {
      await connect('run-1', 'run-2');
      expect(redis.asked).toContain('evict a');
      queue.remember({ keys: ['b'] });
      await connect('run-1', 'run-2');
      expect(redis.asked).toEqual(['identity']);
      await connect('run-1', 'run-3');
      expect(redis.asked).toContain('evict a,b');
    });

    it('takes every connection for another server where it must not ask', async () => {
      failFrom('identity', Object.assign(new Error('NOPERM no INFO for you'), { name: 'ReplyError' }));
      for (let time = 0; time < 2; time += 1) {
        await connect('unheard');
        expect(redis.asked).toContain('evict a');
      }
      expect(problems).toEqual([]);
      expect(queue.isBlocking).toBe(false);
    });
  });

  it('has nothing to issue again for the first server', async () => {
    queue.remember({ keys: ['a'] });
    await queue.replay();
    expect(redis.asked).toEqual(['identity']);
  });

  describe('leases that could not be given back', () => {
    it('are kept until they are', async () => {
      queue.addRelease('a', 'lease-1');
      queue.addRelease('a', 'lease-2');
      queue.add({ keys: ['b'] });
      failFrom('release a lease-2');
      await queue.replay();
      // One that can't be given back holds up neither the others nor evictions.
      expect(redis.asked).toContain('release a lease-1');
      expect(queue.size).toBe(0);
      expect(queue.isBehind).toBe(true);
      mend();
      redis.log.length = 0;
      await connect('run-1');
      expect(redis.asked).toEqual(['identity', 'release a lease-2']);
      expect(queue.isBehind).toBe(false);
    });

    it('are of limited number: the oldest end by themselves', async () => {
      for (let i = 0; i < 1_500; i += 1) queue.addRelease('a', `lease-${i}`);
      await queue.replay();
      const { asked } = redis;
      expect(asked).toHaveLength(1 + 1_000);
      expect(asked).not.toContain('release a lease-499');
      expect(asked).toContain('release a lease-500');
    });

    it('are no evictions: nothing is told to others', async () => {
      queue.addRelease('a', 'lease');
      expect(queue.size).toBe(0);
      expect(queue.covers('a', [])).toBe(false);
      await queue.replay();
      expect(redis.asked).toEqual(['identity', 'release a lease']);
      expect(replayed).toEqual([]);
    });
  });
});
