import { Fleet, until } from '../support/fleet.js';
import type { FleetMember } from '../support/fleet-member.js';
import type { CallReport, EngineSpec } from '../support/fleet-protocol.js';
import { FleetRedis } from '../support/fleet-redis.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const TIMEOUT_MS = 60_000;
/** Long enough that a holder on a busy machine extends it in time: it does so three times as often. */
const LEASE_TTL_MS = 900;

describe('a lease', () => {
  let fleet: Fleet;
  let server: RedisServer;
  let redis: FleetRedis;
  let namespace: string;
  let runs = 0;

  beforeAll(async () => {
    fleet = await Fleet.start(3);
    server = await startRedisServer();
    redis = new FleetRedis(server);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await redis?.close();
    await fleet?.stop();
    await server?.stop();
  });

  /** An engine in each of three processes. */
  async function start(
    lease: EngineSpec['lease'] & object,
  ): Promise<[FleetMember, FleetMember, FleetMember]> {
    await fleet.add(3 - fleet.members.length);
    namespace = `leases-${(runs += 1)}`;
    const engine: EngineSpec = { redis: { url: server.url, deadline: 5000 }, namespace, lease };
    await fleet.each((member) => member.start(engine));
    return fleet.members as [FleetMember, FleetMember, FleetMember];
  }

  const load = (member: FleetMember) => member.ask('getOrLoad', { item: 'x', loader: 'by message' });
  const leases = () => redis.keys(`${namespace}~lease:*`);
  const entries = () => redis.keys(`${namespace}:item:*`);

  /** Resolves when somebody waits for the holder of the lease. */
  async function awaited(): Promise<void> {
    await until(async () => {
      const [lease] = await leases();
      return lease !== undefined && (await redis.client.get(lease))?.endsWith('+') === true;
    });
  }

  it(
    'lives on while its loader runs: one load in the fleet, and it is stored',
    async () => {
      const [holder, ...others] = await start({ ttl: LEASE_TTL_MS, wait: '1m' });
      const calls: Promise<CallReport>[] = [load(holder)];
      await holder.loading('x');
      calls.push(...others.map(load));
      await awaited();
      const before = await redis.calls('pexpire');
      await until(async () => (await redis.calls('pexpire')) - before >= 9);
      await holder.ask('answer', 'x', 'slow');

      const reports = await Promise.all(calls);
      expect(reports.map(({ loads }) => loads)).toEqual([1, 0, 0]);
      expect(reports.map(({ values }) => values)).toEqual([['slow'], ['slow'], ['slow']]);
      expect(await entries()).toHaveLength(1);
      expect(await leases()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'of a holder that was killed ends by itself, and exactly one of the others takes over',
    async () => {
      const [holder, ...others] = await start({ ttl: LEASE_TTL_MS, wait: '1m' });
      const lost = load(holder);
      await holder.loading('x');
      const calls = others.map(load);
      await awaited();
      await Promise.all([holder.kill(), expect(lost).rejects.toThrow('ended (killed)')]);

      const heir = await Promise.race(others.map((member) => member.loading('x').then(() => member)));
      await heir.ask('answer', 'x', 'second attempt');
      const reports = await Promise.all(calls);
      expect(reports.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
      for (const { values } of reports) expect(values).toEqual(['second attempt']);
      expect(await entries()).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'that never ends holds up the others no longer than they are willing to wait, and then they do not store',
    async () => {
      const [holder, ...others] = await start({ ttl: LEASE_TTL_MS, wait: 300 });
      const stuck = load(holder);
      await holder.loading('x');
      const calls = others.map(load);
      // Both give up, and neither holds up the other.
      await Promise.all(others.map((member) => member.loading('x')));
      expect(await leases()).toHaveLength(1);
      for (const member of others) await member.ask('answer', 'x', `own of ${member.pid}`);
      for (const [i, { loads, values }] of (await Promise.all(calls)).entries()) {
        expect({ loads, values }).toEqual({ loads: 1, values: [`own of ${others[i]?.pid}`] });
      }
      expect(await entries()).toEqual([]);

      await holder.ask('answer', 'x', 'at last');
      expect(await stuck).toMatchObject({ values: ['at last'] });
      expect(await others[0]?.ask('lookup', 'x')).toMatchObject({ value: 'at last' });
    },
    TIMEOUT_MS,
  );

  it(
    'is not extended beyond its limit: somebody else loads and stores, and what the first gives is stored nowhere',
    async () => {
      const [holder, next, third] = await start({ ttl: 300, max: 1000, wait: '1m' });
      const stuck = load(holder);
      await holder.loading('x');
      const call = load(next);
      await next.loading('x');
      await next.ask('answer', 'x', 'of the next');
      expect(await call).toMatchObject({ loads: 1, values: ['of the next'] });
      expect(await third.ask('lookup', 'x')).toMatchObject({ value: 'of the next', tier: 'l2' });

      await holder.ask('answer', 'x', 'too late');
      expect(await stuck).toMatchObject({ values: ['too late'] });
      for (const member of [holder, next, third]) {
        expect(await member.ask('lookup', 'x')).toMatchObject({ value: 'of the next' });
      }
    },
    TIMEOUT_MS,
  );

  it.each([
    { size: 'small', bytes: 10 },
    { size: 'larger than what the connection takes at once', bytes: 32_000_000 },
  ])(
    'blocks nobody for longer than it lives when its holder dies while it stores a value that is $size',
    async ({ bytes }) => {
      const [holder, ...others] = await start({ ttl: LEASE_TTL_MS, wait: '1m' });
      // The script is known to Redis: the command that is cut off is the one that stores.
      await holder.ask('getOrLoad', { item: 'other', loader: { value: 'known' } });
      await holder.ask('dieInStore');
      const lost = load(holder);
      await holder.loading('x');
      const calls = others.map((member) =>
        member.ask('getOrLoad', { item: 'x', loader: { value: 'after' } }),
      );
      await awaited();
      holder.ask('answer', 'x', 'v'.repeat(bytes)).catch(() => undefined);
      await Promise.all([holder.died(), expect(lost).rejects.toThrow('ended (killed)')]);

      // They would wait a minute for a lease that is not theirs to take, and then not store.
      const reports = await Promise.all(calls);
      const loads = reports.reduce((sum, report) => sum + report.loads, 0);
      const values = new Set(reports.flatMap((report) => report.values));
      expect(values).toEqual(new Set([loads === 0 ? 'v'.repeat(bytes) : 'after']));
      expect(loads).toBeLessThanOrEqual(1);
      expect(await entries()).toContain(`${namespace}:item:x`);
      expect(await leases()).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
