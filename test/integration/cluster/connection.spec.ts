import { Redis } from 'ioredis';
import type { CacheError } from '../../../src/errors.js';
import { RedisConnection } from '../../../src/stores/redis/redis-connection.js';
import type { RedisClusterOptions } from '../../../src/stores/redis/redis-options.js';
import { resolveRedis } from '../../../src/stores/redis/resolve-redis.js';
import { topologyOf } from '../../../src/stores/redis/redis-topology.js';
import type { RedisNode } from '../../../src/stores/redis/redis-client.js';
import { ask, startRedisCluster, until, type RedisClusterUnderTest } from '../../support/redis-cluster.js';

const PASSWORD = 's3cret';

/** A connection under test, and what it told, in order. */
class Watched {
  readonly told: string[] = [];
  readonly connection: RedisConnection;
  private readonly waiting = new Set<() => void>();

  constructor(options: RedisClusterOptions) {
    const tell = (what: string) => {
      // It may be told again, with another reason.
      if (this.told.at(-1) !== what) this.told.push(what);
      for (const look of this.waiting) look();
    };
    this.connection = new RedisConnection(resolveRedis(options, 'test'), {
      ready: () => tell('ready'),
      lost: () => tell('lost'),
      replaced: () => undefined,
    });
  }

  /** Resolves when that has been told as the last thing. */
  async until(what: 'ready' | 'lost'): Promise<void> {
    while (this.told.at(-1) !== what) {
      await new Promise<void>((resolve) => {
        const look = () => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
    }
  }

  get masters(): readonly RedisNode[] {
    return topologyOf(this.connection.client).masters();
  }

  masterOn(port: number): RedisNode {
    return this.masters.find(({ options }) => options.port === port)!;
  }
}

describe('the connection to a cluster', () => {
  let cluster: RedisClusterUnderTest;
  let open: Watched[];

  beforeAll(async () => {
    cluster = await startRedisCluster({ password: PASSWORD });
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(() => {
    open = [];
  });

  afterEach(() => Promise.all(open.map(({ connection }) => connection.close(5000))));

  async function connect(options: Partial<RedisClusterOptions> = {}): Promise<Watched> {
    const watched = new Watched({ cluster: cluster.urls, deadline: 2000, ...options });
    open.push(watched);
    await watched.connection.open();
    return watched;
  }

  it('is ready with a connection to every master, whichever node was named', async () => {
    for (const url of cluster.urls) {
      const { connection, told, masters } = await connect({ cluster: [url] });
      expect(told).toEqual(['ready']);
      expect(connection.ready).toBe(true);
      expect(portsOf(masters)).toEqual(new Set(cluster.nodes.map(({ port }) => port)));
      expect(await connection.ping(5000)).toBeGreaterThan(0);
    }
  });

  it('finds the cluster by the nodes that answer, when others that were named do not', async () => {
    const { connection, masters } = await connect({
      cluster: [`redis://:${PASSWORD}@127.0.0.1:1`, cluster.urls[1]!],
    });
    expect(connection.ready).toBe(true);
    expect(masters).toHaveLength(3);
  });

  it('is described by the nodes that were named, without user and password', async () => {
    const { connection } = await connect({ cluster: cluster.urls.slice(0, 2) });
    const [first, second] = cluster.nodes;
    expect(connection.description).toBe(
      `Redis Cluster at 127.0.0.1:${first!.port}, 127.0.0.1:${second!.port}`,
    );
  });

  it('says why it can not connect, without the password', async () => {
    const { connection, told } = await connect({ password: 'wr0ng' });
    expect(connection.ready).toBe(false);
    expect(told).toEqual(['lost']);
    const error = (await connection.ping(5000).catch((reason: unknown) => reason)) as CacheError;
    expect(error.code).toBe('CACHE_REDIS_UNAVAILABLE');
    expect(error.message).toMatch(/^Redis Cluster at .* is not reachable: WRONGPASS/);
    expect(error.message).not.toContain('wr0ng');
  });

  it('takes user and password from beside the URLs', async () => {
    const bare = cluster.nodes.map(({ host, port }) => `redis://${host}:${port}`);
    const { connection } = await connect({ cluster: bare, username: 'default', password: PASSWORD });
    expect(connection.ready).toBe(true);
  });

  it('is made again node by node when it breaks, without a command, and nothing else is lost', async () => {
    const { connection, told, masters } = await connect();
    for (const master of masters) {
      const again = next(master, 'ready');
      await master.client('KILL', 'SKIPME', 'no', 'ADDR', await addressOf(master)).catch(() => undefined);
      await again;
      expect(connection.ready).toBe(true);
    }
    expect(await connection.ping(5000)).toBeGreaterThan(0);
    expect(told).toEqual(['ready']);
  });

  it('fails the commands of a master that is away, and no others', async () => {
    const watched = await connect();
    const { client } = watched.connection;
    const dead = cluster.nodes[1]!;
    const names = await Promise.all(cluster.nodes.map(async ({ port }) => (await keysOn(port))[0]!));
    const closed = next(watched.masterOn(dead.port), 'close');
    await dead.kill();
    await closed;
    expect(watched.connection.ready).toBe(true);
    const written = names.map((name) => client.set(name, 'x').catch(() => 'failed'));
    expect(await Promise.all(written)).toEqual(['OK', 'failed', 'OK']);
    // What names no key must not pass it over in silence.
    expect(() => watched.masters).toThrow(`No connection to 127.0.0.1:${dead.port}`);
    await expect(watched.connection.ping(5000)).rejects.toThrow('is not reachable');

    await dead.restart();
    await succeeds(() => client.set(names[1]!, 'x'));
    expect(await watched.connection.ping(5000)).toBeGreaterThan(0);
    expect(watched.told).toEqual(['ready']);
  });

  it('fails the commands of a master that hangs, and is there when it goes on', async () => {
    const watched = await connect({ deadline: 500 });
    const { client } = watched.connection;
    const hung = cluster.nodes[2]!;
    const [counter, name] = await keysOn(hung.port);
    await client.set(counter!, 0);
    const closed = next(watched.masterOn(hung.port), 'close');
    hung.freeze();
    try {
      const incremented = client.incr(counter!);
      watched.connection.doubt();
      await expect(incremented).rejects.toThrow();
      await closed;
      await expect(client.set(name!, 'x')).rejects.toThrow('Connection is closed');
      expect(watched.connection.ready).toBe(true);
    } finally {
      hung.thaw();
    }
    await succeeds(() => client.set(name!, 'x'));
    // What was given up is not sent again: it happens once at most, since a server that hangs has it already.
    expect(Number(await client.get(counter!))).toBeLessThanOrEqual(1);
    expect(watched.told).toEqual(['ready']);
  });

  it('is lost when all masters are, and comes back with them', async () => {
    const watched = await connect();
    const { client } = watched.connection;
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await watched.until('lost');
    expect(watched.connection.ready).toBe(false);
    await expect(client.set('x', 'y')).rejects.toThrow();
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await watched.until('ready');
    await succeeds(() => client.set('x', 'y'));
    expect(watched.told).toEqual(['ready', 'lost', 'ready']);
  });

  it('comes up by itself when the cluster was down at the start', async () => {
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    const watched = await connect();
    expect(watched.told).toEqual(['lost']);
    await Promise.all(cluster.nodes.map((node) => node.restart()));
    await watched.until('ready');
    await succeeds(() => watched.connection.client.set('x', 'y'));
    expect(watched.told).toEqual(['lost', 'ready']);
  });

  it('is closed for good, to a master that is away as well', async () => {
    const { connection } = await connect();
    const dead = cluster.nodes[0]!;
    await dead.kill();
    await connection.close(5000);
    await dead.restart();
    for (const { url } of cluster.nodes) {
      const admin = new Redis(url);
      await until(async () => !String(await admin.client('LIST')).includes('name=test:cache'));
      admin.disconnect();
    }
  });

  /** Keys whose slots that master has. */
  async function keysOn(port: number): Promise<string[]> {
    const names = Array.from({ length: 30 }, (_, i) => `key:${i}`);
    const owners = await Promise.all(names.map((name) => cluster.nodeOf(name)));
    return names.filter((_, i) => owners[i]!.port === port);
  }
});

describe('the connection to a cluster with replicas', () => {
  let cluster: RedisClusterUnderTest;
  let watched: Watched;

  beforeAll(async () => {
    cluster = await startRedisCluster({ masters: 2, replicas: 1 });
  }, 60_000);

  afterAll(() => cluster?.stop());

  beforeEach(async () => {
    watched = new Watched({ cluster: cluster.urls, deadline: 2000 });
    await watched.connection.open();
  });

  afterEach(() => watched.connection.close(5000));

  /** Whether it is these nodes that are asked, and no others. */
  function areAsked(...nodes: number[]): boolean {
    const expected = nodes.map((node) => cluster.nodes[node]!.port);
    const asked = portsOf(watched.masters);
    return asked.size === expected.length && expected.every((port) => asked.has(port));
  }

  /** Lets a replica become master of its master's slots. */
  async function promote(replica: number, ...how: ['TAKEOVER'?]): Promise<void> {
    await ask(cluster.nodes[replica]!, async (client) => {
      await client.cluster('FAILOVER', ...(how as ['TAKEOVER']));
      await until(async () => (await client.info('replication')).includes('role:master'));
    });
  }

  it('asks masters only, and follows a replica that becomes one', async () => {
    const { client } = watched.connection;
    const name = await keyOf(0);
    expect(areAsked(0, 1)).toBe(true);
    expect(await client.set(name, 'before')).toBe('OK');
    await promote(2);
    await succeeds(() => client.set(name, 'after'));
    expect(await client.get(name)).toBe('after');
    await until(() => areAsked(1, 2));
  });

  it('finds the replica that takes over from a dead master, without being told by a command', async () => {
    expect(watched.masters).toHaveLength(2);
    await cluster.nodes[1]!.kill();
    await promote(3, 'TAKEOVER');
    await until(() => {
      try {
        return areAsked(2, 3);
      } catch {
        return false;
      }
    });
    expect(watched.told).toEqual(['ready']);
  });

  async function keyOf(master: number): Promise<string> {
    for (let i = 0; ; i++) {
      if ((await cluster.nodeOf(`key:${i}`)) === cluster.nodes[master]) return `key:${i}`;
    }
  }
});

function portsOf(nodes: readonly RedisNode[]): Set<number | undefined> {
  return new Set(nodes.map(({ options: { port } }) => port));
}

async function addressOf(client: RedisNode): Promise<string> {
  return /\baddr=(\S+)/.exec(await client.client('INFO'))?.[1] ?? '';
}

/** Resolves at the next such event. */
function next(node: RedisNode, event: 'ready' | 'close'): Promise<void> {
  return new Promise((resolve) => node.once(event, () => resolve()));
}

/** Resolves when a command is carried out: Redis tells nobody when a cluster takes commands again. */
function succeeds(command: () => Promise<unknown>): Promise<void> {
  return until(() =>
    command().then(
      () => true,
      () => false,
    ),
  );
}
