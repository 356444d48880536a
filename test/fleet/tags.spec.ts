import { Fleet } from '../support/fleet.js';
import type { FleetMember } from '../support/fleet-member.js';
import { FleetRedis } from '../support/fleet-redis.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const TIMEOUT_MS = 60_000;
const ENTRIES = 10_000;

describe('tags between processes', () => {
  let fleet: Fleet;
  let server: RedisServer;
  let redis: FleetRedis;
  let runs = 0;

  beforeAll(async () => {
    fleet = await Fleet.start(2);
    server = await startRedisServer();
    redis = new FleetRedis(server);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await redis?.close();
    await fleet?.stop();
    await server?.stop();
  });

  async function start(): Promise<[FleetMember, FleetMember]> {
    const engine = {
      redis: { url: server.url, deadline: 10_000 },
      namespace: `tags-${(runs += 1)}`,
      l1: { maxEntries: 2 * ENTRIES },
    };
    await fleet.each((member) => member.start(engine));
    return fleet.members as [FleetMember, FleetMember];
  }

  it(
    'evicting one that ten thousand entries carry takes two commands, and none of them can be used any more',
    async () => {
      const [one, other] = await start();
      // Redis has to be told the script once.
      await one.ask('evictItems');
      await other.ask('hearOfItems');
      await one.ask('setMany', ENTRIES);
      for (const member of [one, other]) expect(await member.ask('usable', ENTRIES)).toBe(ENTRIES);
      const commands = await redis.commandsOf(async () => {
        await one.ask('evictItems');
        await other.ask('hearOfItems');
      });
      expect(commands).toEqual({ evalsha: 1, publish: 1 });
      for (const member of [one, other]) expect(await member.ask('usable', ENTRIES)).toBe(0);
    },
    TIMEOUT_MS,
  );

  it('are read with the entry, or known: a hit in L1 takes no command, a hit in L2 its GET', async () => {
    const [one, other] = await start();
    for (const cache of ['items', 'remote'] as const) {
      await one.ask('getOrLoad', { item: 'x', cache, loader: { value: 1 } });
      await other.ask('lookup', 'x', cache);
      const hit = await redis.commandsOf(async () => {
        for (const member of [one, other]) {
          expect(await member.ask('lookup', 'x', cache)).toMatchObject({
            tier: cache === 'items' ? 'l1' : 'l2',
          });
        }
      });
      expect(hit).toEqual(cache === 'items' ? {} : { get: 2 });
    }
  });
});
