import type { Redis } from 'ioredis';
import type { Cache } from '../../src/cache-handle.js';
import { tag } from '../../src/definition/template.js';
import { Gate, ManualLoader, startEngine, type EngineUnderTest } from '../support/engine.js';
import { Hearing } from '../support/fleet-hearing.js';
import { wrapMethod } from '../support/fleet-wrap.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const SHARED = tag`shared`;

describe('an eviction of a tag that overtakes the reply with its token', () => {
  let server: RedisServer;
  let here: EngineUnderTest;
  let there: EngineUnderTest;
  let cache: Cache<readonly [id: string], string>;
  let elsewhere: Cache<readonly [id: string], string>;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedisServer();
  });

  afterAll(() => server.stop());

  beforeEach(async () => {
    const options = { redis: { url: server.url, deadline: 5000 }, namespace: `known-${(namespaces += 1)}` };
    [here, there] = await Promise.all([startEngine(options), startEngine(options)]);
    cache = here.cache({ name: 'items', tags: () => [SHARED] });
    elsewhere = there.cache({ name: 'items', tags: () => [SHARED] });
  });

  afterEach(() => Promise.all([here.runtime.close(), there.runtime.close()]));

  /** Another process evicts the tag; resolves when this one has heard of it. */
  async function evictElsewhere(evicted = SHARED): Promise<void> {
    const heard = new Hearing(here.runtime).of(evicted);
    await there.runtime.engine.writes.evictTags([evicted]);
    await heard;
  }

  /** Holds up what Redis answers to the next command that names a tag, until the gate is opened. */
  function holdTokens(): { readonly asked: Promise<void>; readonly gate: Gate<void> } {
    const client = here.runtime.redis!.connection.client as Redis;
    const gate = new Gate<void>();
    const asked = new Promise<void>((resolve) => {
      const release = wrapMethod(client, 'sendCommand', (send) => (command, stream) => {
        const reply = send.call(client, command, stream) as Promise<unknown>;
        if (!command.args.some((arg) => String(arg).includes('~tag:'))) return reply;
        release();
        void reply.then(() => resolve());
        return reply.then(async (answer) => {
          await gate.promise;
          return answer;
        });
      });
    });
    return { asked, gate };
  }

  it('is not undone by a put that was under way', async () => {
    await elsewhere.set(['old'], 'old');
    const { asked, gate } = holdTokens();
    const put = cache.set(['new'], 'new');
    await asked;
    await evictElsewhere();
    gate.resolve();
    await put;
    expect(await cache.get('old')).toBeUndefined();
  });

  it('is not undone by a put that begins after it', async () => {
    await elsewhere.set(['old'], 'old');
    const { asked, gate } = holdTokens();
    const early = cache.set(['early'], 'early');
    await asked;
    await evictElsewhere();
    const late = cache.set(['late'], 'late');
    gate.resolve();
    await Promise.all([early, late]);
    expect(await cache.get('old')).toBeUndefined();
    expect(await cache.get('late')).toBe('late');
  });

  it('is not undone by a read that did not expect the tag', async () => {
    const added = tag`added`;
    for (const id of ['one', 'two']) await elsewhere.set([id], id, { tags: [added] });
    // All its other tags are known.
    await cache.set(['own'], 'own');
    const { asked, gate } = holdTokens();
    const read = cache.get('one');
    await asked;
    await evictElsewhere(added);
    gate.resolve();
    expect(await read).toBe('one');
    expect(await cache.get('one')).toBeUndefined();
    expect(await cache.get('two')).toBeUndefined();
  });

  it.each(['knows', 'does not know'])(
    'is not undone by joining a read under way, where the one who joins %s the tag',
    async (knows) => {
      const added = tag`added`;
      const overrides = knows === 'knows' ? { tags: [added] } : {};
      await elsewhere.set(['one'], 'old', { tags: [added] });
      await cache.set(['own'], 'own');
      const { asked, gate } = holdTokens();
      const early = cache.getOrLoad(['one'], () => 'unused');
      await asked;
      await evictElsewhere(added);
      const late = cache.getOrLoad(['one'], () => 'new', overrides);
      gate.resolve();
      expect(await early).toBe('old');
      expect(await late).toBe('new');
    },
  );

  it('is not undone by joining a load under way that knows nothing of the tag', async () => {
    const added = tag`added`;
    const loader = new ManualLoader<string>();
    const early = cache.getOrLoad(['one'], loader.load, { storeIf: () => false });
    await loader.called(1);
    await evictElsewhere(added);
    const late = cache.getOrLoad(['one'], loader.load, { tags: [added] });
    loader.calls[0]?.resolve('old');
    expect(await early).toBe('old');
    await Promise.race([late, loader.called(2)]);
    loader.calls[1]?.resolve('new');
    expect(await late).toBe('new');
  });
});
