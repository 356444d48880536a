import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { codeBlocks, readText, ROOT } from '../../docs/support/markdown.js';
import { until } from '../../support/redis-cluster.js';
import { overlaid, readCompose, type ComposeService } from './support/compose.js';
import { Places, runOnce, RunningService, VARIABLES } from './support/service.js';
import { expectToWork, SmokeApp } from './support/smoke.js';

const compose = readCompose();
const STARTING_MS = 60_000;

function serviceOf(name: string): ComposeService {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`No service ${name}.`);
  return service;
}

/** Names of the connections of the user `bots`. */
async function connectionsTo(service: RunningService): Promise<string[]> {
  const list = await service.ask(async (client) => String(await client.client('LIST')));
  return [...list.matchAll(/ name=(\S*) .* user=bots /g)].map(([, name = '']) => name).sort();
}

/** What was refused to anybody, without what ioredis does without. */
async function refusedBy(service: RunningService): Promise<unknown[]> {
  const log = (await service.ask((client) => client.call('ACL', 'LOG'))) as unknown[][];
  return log.map((entry) => [entry[3], entry[5], entry[9]]).filter(([, what]) => what !== 'client|setinfo');
}

describe('the Redis of docker-compose.yml', () => {
  const places = new Places();
  const running: RunningService[] = [];
  const apps: SmokeApp[] = [];
  const folders: string[] = [];

  async function start(name: string, service = serviceOf(name)): Promise<RunningService> {
    const one = await RunningService.start(name, service, places);
    running.push(one);
    return one;
  }

  async function startTwo(bots: ComposeService, tls?: { ca: string }): Promise<[SmokeApp, SmokeApp]> {
    const env = places.environmentOf(bots);
    const two = [await SmokeApp.start(env, tls), await SmokeApp.start(env, tls)] as const;
    apps.push(...two);
    return [...two];
  }

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await Promise.all(running.splice(0).map((service) => service.stop()));
    await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
  });

  it('serves the library alone, bounds its memory, and keeps a file', async () => {
    const redis = await start('redis');
    await expectToWork(...(await startTwo(serviceOf('bots'))));
    expect(await connectionsTo(redis)).toEqual([
      'prod:bots:bus',
      'prod:bots:bus',
      'prod:bots:cache',
      'prod:bots:cache',
    ]);
    expect(await refusedBy(redis)).toEqual([]);

    const settings = {
      maxmemory: String(256 * 1024 * 1024),
      'maxmemory-policy': 'allkeys-lru',
      appendonly: 'yes',
    };
    for (const [name, value] of Object.entries(settings)) {
      expect(await redis.ask((client) => client.config('GET', name))).toEqual([name, value]);
    }
  });

  it('keeps what was stored, over a restart', async () => {
    const redis = await start('redis');
    const [one] = await startTwo(serviceOf('bots'));
    await one.cache.set(['kept'], 'value');
    // The file has it within a second; not to wait for that:
    await redis.ask((client) => client.config('SET', 'appendfsync', 'always'));
    await one.cache.set(['kept'], 'value');
    // One that lives takes no chances: it evicts anew what it has put in the last 30 seconds.
    await Promise.all(apps.splice(0).map((app) => app.close()));
    await redis.restart();

    const [later] = await startTwo(serviceOf('bots'));
    expect(await later.cache.lookup('kept')).toMatchObject({ hit: true, tier: 'l2', value: 'value' });
  });

  it('lets the user of the sample do what docs/redis.md says, and no more', async () => {
    const redis = await start('redis');
    const [block] = codeBlocks().filter(
      ({ page, language }) => page === 'docs/redis.md' && language === 'acl',
    );
    const rules = (block?.code ?? '').replaceAll('\\\n', ' ').split(/\s+/).slice(2);
    const ofCluster = ['+cluster|slots', '+asking', '+readonly'];
    expect(readText('docs/redis.md')).toContain(`add \`${ofCluster.join(' ')}\``);

    const users = await redis.ask(async (client): Promise<unknown[]> => {
      await client.acl('SETUSER', ...(rules as [string, ...string[]]), ...ofCluster);
      await client.acl('SETUSER', 'bots', 'resetpass', `>${VARIABLES.REDIS_PASSWORD}`);
      const byDocs = await client.acl('LIST');
      await client.call('ACL', 'LOAD');
      return [byDocs, await client.acl('LIST')];
    });
    // `reset` in the docs turns that on, which is what a new user has anyway.
    const sorted = (user = '') => user.replace(' sanitize-payload', '').split(' ').sort();
    const [byDocs, byFile] = (users as string[][]).map((all) => all.map(sorted));
    expect(byFile).toEqual(byDocs);

    const nobody = new Redis(redis.port, '127.0.0.1', { retryStrategy: () => null });
    nobody.on('error', () => undefined);
    await expect(nobody.get('prod:bots:1')).rejects.toThrow('NOAUTH');
    nobody.disconnect();
  });

  it('goes by the namespace of the environment', async () => {
    const redis = await start('redis', {
      ...serviceOf('redis'),
      environment: { ...serviceOf('redis').environment, CACHE_NAMESPACE: 'dev:bots' },
    });
    const bots = serviceOf('bots');
    const env = { ...places.environmentOf(bots), CACHE_NAMESPACE: 'dev:bots' };
    apps.push(await SmokeApp.start(env), await SmokeApp.start(env));
    await expectToWork(apps[0]!, apps[1]!);
    expect(await refusedBy(redis)).toEqual([]);

    const stranger = await SmokeApp.start(places.environmentOf(bots));
    apps.push(stranger);
    await stranger.cache.getOrLoad(['1'], () => 'loaded');
    expect((await refusedBy(redis)).length).toBeGreaterThan(0);
  });

  it.each([
    ['passes with the password', undefined, 0],
    ['fails with a wrong password', 'wrong', 1],
    ['fails without a password', '', 1],
  ])('has a healthcheck that %s', async (_, password, status) => {
    const redis = await start('redis');
    expect(await redis.check(password === undefined ? {} : { REDISCLI_AUTH: password })).toBe(status);
  });

  it('serves the library by TLS, and by nothing else', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'roost-tls-'));
    folders.push(dir);
    const over = readCompose('docker-compose.tls.yml').services;
    await promisify(execFile)('sh', [`${ROOT}docker/tls/make-certificates.sh`, dir]);
    places.mount('/run/tls/', `${dir}/`);
    const redis = await start('redis', overlaid(serviceOf('redis'), over['redis']!));
    const bots = overlaid(serviceOf('bots'), over['bots']!);
    // Node reads NODE_EXTRA_CA_CERTS at its own start, so this process is told in another way.
    const authority = places.environmentOf(bots)['NODE_EXTRA_CA_CERTS'] ?? '';
    await expectToWork(...(await startTwo(bots, { ca: await readFile(authority, 'utf8') })));
    expect(await connectionsTo(redis)).toHaveLength(4);
    expect(await redis.check()).toBe(0);
    expect(await redis.ask((client) => client.config('GET', 'port'))).toEqual(['port', '0']);

    // The container's user is not the one that made them; the authority's key is not for it.
    const modes = await Promise.all(
      ['redis.key', 'ca.key'].map(async (name) => (await stat(join(dir, name))).mode),
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o644, 0o600]);
  });

  it(
    'serves the library with sentinels, before and after a failover, and keeps the roles over a restart',
    async () => {
      const master = await start('redis-1');
      const replica = await start('redis-2');
      await until(async () => (await replica.check()) === 0);
      const sentinels = await Promise.all(
        ['sentinel-1', 'sentinel-2', 'sentinel-3'].map((name) => start(name)),
      );
      await until(async () =>
        (await Promise.all(sentinels.map((one) => one.check()))).every((code) => code === 0),
      );
      const [one, other] = await startTwo(serviceOf('bots-ha'));
      await expectToWork(one, other);
      expect(await connectionsTo(master)).toHaveLength(4);
      for (const sentinel of sentinels) {
        expect(await connectionsTo(sentinel)).toEqual(['prod:bots:watch', 'prod:bots:watch']);
        expect(await refusedBy(sentinel)).toEqual([]);
      }
      expect([...(await refusedBy(master)), ...(await refusedBy(replica))]).toEqual([]);

      const isMaster = (service: RunningService) =>
        service.ask(async (client) => (await client.info('replication')).includes('role:master'));
      const masterOf = (sentinel: RunningService) =>
        sentinel.ask((client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster'));
      const address = ['127.0.0.1', String(replica.port)];
      await sentinels[0]!.ask((client) => client.call('SENTINEL', 'FAILOVER', 'mymaster'));
      await until(async () => ((await masterOf(sentinels[1]!)) as string[])[1] === address[1]);
      await until(async () => (await connectionsTo(replica)).length === 4);
      await until(() =>
        [one, other].every(({ service }) => {
          const status = service.status();
          return (
            status?.connection.state === 'ready' &&
            status.bus.state === 'armed' &&
            status.queuedEvictions === 0
          );
        }),
      );
      await expectToWork(one, other);

      // By the compose file it is a replica, and that sentinel looks for the other one.
      await Promise.all([replica.restart(), sentinels[1]!.restart()]);
      expect(await isMaster(replica)).toBe(true);
      expect(await masterOf(sentinels[1]!)).toEqual(address);
    },
    STARTING_MS,
  );

  it(
    'serves the library as a cluster of six nodes, which is made once',
    async () => {
      const nodes = await Promise.all([1, 2, 3, 4, 5, 6].map((number) => start(`node-${number}`)));
      const maker = serviceOf('make-cluster');
      expect(await runOnce(maker, places)).toBe(0);
      expect(await runOnce(maker, places)).toBe(0);
      for (const node of nodes) {
        await until(() =>
          node.ask(async (client) => (await client.cluster('INFO')).includes('cluster_state:ok')),
        );
        expect(await node.check()).toBe(0);
      }
      const roles = await Promise.all(nodes.map((node) => node.ask((client) => client.role())));
      expect(roles.map(([role]) => role)).toEqual(['master', 'master', 'master', 'slave', 'slave', 'slave']);

      await expectToWork(...(await startTwo(serviceOf('bots-cluster'))));
      const names = (await Promise.all(nodes.slice(0, 3).map(connectionsTo))).flat();
      // Of each instance one to each master, and one for the bus.
      expect(names.sort()).toEqual([
        ...Array.from({ length: 2 }, () => 'prod:bots:bus'),
        ...Array.from({ length: 6 }, () => 'prod:bots:cache'),
      ]);
      expect((await Promise.all(nodes.slice(3).map(connectionsTo))).flat()).toEqual([]);
      for (const node of nodes) expect(await refusedBy(node)).toEqual([]);
    },
    STARTING_MS,
  );
});
