import { Fleet } from '../support/fleet.js';
import type { FleetMember } from '../support/fleet-member.js';
import { print } from '../support/fleet-race-run.js';
import { FleetRedis } from '../support/fleet-redis.js';
import { startRedisServer, type RedisServer } from '../support/redis-server.js';

const PROCESSES = 4;
const CALLERS = 1000;
const LOADER_MS = 50;
/** For all processes to have heard that they are to begin. */
const HEAD_START_MS = 250;
const TIMEOUT_MS = 60_000;

describe('a herd on one missing key', () => {
  let fleet: Fleet;
  let server: RedisServer;
  let redis: FleetRedis;
  let runs = 0;

  beforeAll(async () => {
    fleet = await Fleet.start(PROCESSES);
    server = await startRedisServer();
    redis = new FleetRedis(server);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await redis?.close();
    await fleet?.stop();
    await server?.stop();
  });

  beforeEach(async () => {
    const engine = { redis: { url: server.url, deadline: 5000 }, namespace: `herd-${(runs += 1)}` };
    await fleet.each((member) => member.start(engine));
  });

  it.each(['the first', 'a second'])(
    'of four processes with a thousand callers each runs the loader once, %s time',
    async () => {
      const at = Date.now() + HEAD_START_MS;
      const value = { herd: runs };
      const reports: Awaited<ReturnType<typeof call>>[] = [];
      const call = (member: FleetMember) =>
        member.ask('getOrLoad', { item: 'x', callers: CALLERS, at, loader: { value, afterMs: LOADER_MS } });
      const commands = await redis.commandsOf(async () => reports.push(...(await fleet.each(call))));
      const slowest = Math.max(...reports.map(({ slowestMs }) => slowestMs));
      print(`${PROCESSES} x ${CALLERS} callers, loader of ${LOADER_MS} ms`, {
        'slowest caller (ms)': slowest.toFixed(0),
        'Redis commands': Object.values(commands).reduce((sum, count) => sum + count, 0),
        'of which': JSON.stringify(commands),
      });
      expect(reports.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
      for (const { values, errors } of reports) {
        expect(values).toEqual([value]);
        expect(errors).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );

  it('of a hundred callers gets the one error that the loader throws, as the same object', async () => {
    const member = fleet.members[0]!;
    const calls = member.ask('getOrLoad', { item: 'x', callers: 100, loader: 'by message' });
    await member.loading('x');
    await member.ask('fail', 'x', 'database gone');
    expect(await calls).toMatchObject({ loads: 1, values: [], errors: ['database gone'], errorObjects: 1 });
  });

  it('whose loader fails has each process try once, one after the other', async () => {
    const calls = fleet.each((member, index) =>
      member
        .ask('getOrLoad', { item: 'failing', callers: 100, loader: 'by message' })
        .then((report) => ({ index, report })),
    );
    const waiting = new Set(fleet.members);
    while (waiting.size > 0) {
      const holder = await Promise.race(
        [...waiting].map((member) => member.loading('failing').then(() => member)),
      );
      const loads = fleet.members.map((member) => member.loads('failing'));
      // All who have loaded so far have failed, and nobody else has begun.
      expect(loads.reduce((sum, count) => sum + count, 0)).toBe(fleet.members.length - waiting.size + 1);
      waiting.delete(holder);
      await holder.ask('fail', 'failing', `failure of ${holder.pid}`);
    }
    for (const { index, report } of await calls) {
      const own = `failure of ${fleet.members[index]?.pid}`;
      expect(report).toMatchObject({ loads: 1, values: [], errors: [own], errorObjects: 1 });
    }
  });
});
