import { ask, until } from './redis-cluster.js';
import { SentinelProcess } from './redis-sentinel-process.js';
import { startRedisServers, type RedisServer } from './redis-server.js';

const NAME = 'mymaster';

/** What {@link startRedisSentinel} takes. */
export interface RedisSentinelOptions {
  /** How many watch. @default 1 */
  readonly sentinels?: 1 | 3;
  /** How long the master may be silent before they replace it, milliseconds. @default 500 */
  readonly downAfterMs?: number;
}

/** A master with a replica, and sentinels that watch over them: processes of this test's own. */
export interface RedisSentinelUnderTest {
  /** The name of the master among the sentinels. */
  readonly name: string;
  /** The two servers; the first is the master at the start. */
  readonly nodes: readonly [RedisServer, RedisServer];
  /** URLs of the sentinels. */
  readonly urls: readonly string[];
  /** The server that all sentinels take for the master; `undefined` while they disagree. */
  master(): Promise<RedisServer | undefined>;
  /** Resolves when all sentinels take that server for the master, and it takes writes. */
  promoted(server: RedisServer): Promise<void>;
  /** Has the sentinels replace the master by its replica; resolves when they have. */
  failover(): Promise<void>;
  /** Ends all processes. May be called twice. */
  stop(): Promise<void>;
}

/** Starts them; resolves when the sentinels know each other, the master and its replica. */
export async function startRedisSentinel(
  options: RedisSentinelOptions = {},
): Promise<RedisSentinelUnderTest> {
  const { sentinels: count = 1, downAfterMs = 500 } = options;
  const [first, second] = await startRedisServers(2, { args: ['--repl-diskless-sync-delay', '0'] });
  const nodes = [first!, second!] as const;
  const sentinels: SentinelProcess[] = [];
  const stop = async () => {
    await Promise.all([...sentinels, ...nodes].map((process) => process.stop()));
  };
  try {
    await ask(nodes[1], (client) => client.replicaof(nodes[0].host, nodes[0].port));
    await until(() => ask(nodes[1], async (client) => inStep(await client.info('replication'))));
    const watch = [
      `sentinel monitor ${NAME} ${nodes[0].host} ${nodes[0].port} ${Math.floor(count / 2) + 1}`,
      `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`,
      `sentinel failover-timeout ${NAME} 10000`,
    ];
    for (let i = 0; i < count; i++) sentinels.push(await SentinelProcess.start(watch));
    await until(async () => (await Promise.all(sentinels.map((one) => knows(one, count)))).every(Boolean));
  } catch (error) {
    await stop();
    throw error;
  }
  const master = async () => {
    const ports = new Set(await Promise.all(sentinels.map(portOfMaster)));
    const [port] = ports;
    return ports.size === 1 ? nodes.find((node) => node.port === port) : undefined;
  };
  const promoted = (server: RedisServer) =>
    until(
      async () =>
        (await master()) === server &&
        (await ask(server, async (client) => (await client.info('replication')).includes('role:master'))),
    );
  return {
    name: NAME,
    nodes,
    urls: sentinels.map(({ url }) => url),
    master,
    promoted,
    stop,
    failover: async () => {
      const before = await master();
      await sentinels[0]?.ask((client) => client.call('SENTINEL', 'FAILOVER', NAME));
      await promoted(nodes.find((node) => node !== before)!);
    },
  };
}

function inStep(replication: string): boolean {
  return replication.includes('master_link_status:up');
}

async function portOfMaster(sentinel: SentinelProcess): Promise<number> {
  const address = await sentinel.ask((client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME));
  return Number((address as [host: string, port: string])[1]);
}

/** Whether it knows the others, and the replica well enough to promote it. */
async function knows(sentinel: SentinelProcess, sentinels: number): Promise<boolean> {
  return sentinel.ask(async (client) => {
    const master = fieldsOf(await client.call('SENTINEL', 'MASTER', NAME));
    const [replica] = (await client.call('SENTINEL', 'REPLICAS', NAME)) as unknown[];
    const isKnown = replica !== undefined && fieldsOf(replica).get('master-link-status') === 'ok';
    return isKnown && Number(master.get('num-other-sentinels')) === sentinels - 1;
  });
}

function fieldsOf(reply: unknown): Map<string, string> {
  const texts = reply as readonly string[];
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < texts.length; i += 2) fields.set(texts[i] ?? '', texts[i + 1] ?? '');
  return fields;
}
