import type { RedisOptions } from 'ioredis';
import { busNameOf, deadlineOf } from './common-options.js';
import { neverHang } from './never-hang.js';
import type { RedisClient } from './redis-client.js';
import type { ResolvedClient } from './redis-options.js';
import { invalidRedis } from './redis-url.js';

/** Some of what is called on a client, enough to tell an ioredis from everything else. */
const METHODS = [
  'connect',
  'duplicate',
  'evalshaBuffer',
  'mgetBuffer',
  'unlink',
  'subscribe',
  'on',
  'removeListener',
];
const MAKE_ONE =
  "Make it with ioredis: new Redis('redis://localhost:6379'), or give `url`, and a connection is made for you.";

/** Options under which answers would be wrong without a sign. */
const UNFIT: readonly {
  readonly unfit: (options: ClientOptions) => boolean;
  readonly rule: string;
  readonly got: string;
  readonly wayOut: string;
}[] = [
  {
    unfit: ({ keyPrefix, redisOptions }) => isSet(keyPrefix) || isSet(redisOptions?.keyPrefix),
    rule: 'a client without `keyPrefix`',
    got: 'one with it',
    wayOut:
      'SCAN does not know it, so evictions by pattern would find nothing. The `namespace` keeps keys apart.',
  },
  {
    unfit: ({ stringNumbers, redisOptions }) =>
      stringNumbers === true || redisOptions?.stringNumbers === true,
    rule: 'a client without `stringNumbers`',
    got: 'one with it',
    wayOut:
      'Scripts answer with numbers. Give a client of its own, such as client.duplicate({ stringNumbers: false }).',
  },
  {
    unfit: ({ scaleReads = 'master', isCluster }) => isCluster && scaleReads !== 'master',
    rule: "a Cluster with scaleReads: 'master'",
    got: 'one that reads from replicas',
    wayOut: 'Replicas lag behind, and would give back what has been evicted. Give a client of its own.',
  },
  {
    unfit: ({ role, readOnly }) => role === 'slave' || readOnly === true,
    rule: 'a client of a master',
    got: 'one of a replica',
    wayOut: 'Replicas take no writes, and lag behind. Give a client of its own.',
  },
  {
    unfit: ({ monitor, mode }) => monitor === true || mode === 'subscriber' || mode === 'monitor',
    rule: 'a client that takes commands',
    got: 'one that subscribes or monitors',
    wayOut: 'Give another one, such as client.duplicate().',
  },
];

interface ClientOptions extends RedisOptions {
  readonly isCluster: boolean;
  readonly mode?: string;
  readonly scaleReads?: unknown;
  readonly redisOptions?: RedisOptions;
}

export function resolveClient(
  given: { readonly client: unknown; readonly deadline?: number },
  namespace: string,
  what: string,
): ResolvedClient {
  const client = clientOf(given.client, `${what}.client`);
  const deadline = deadlineOf(given.deadline, what);
  return {
    kind: 'client',
    client,
    busName: busNameOf(namespace),
    deadline,
    warnings: [],
    subscriberOptions: {
      ...neverHang(namespace, deadline),
      connectionName: busNameOf(namespace),
      autoResubscribe: false,
      sentinelRetryStrategy: (attempt) => (attempt === 1 ? 0 : null),
    },
  };
}

function clientOf(given: unknown, what: string): RedisClient {
  const rule = 'a client of ioredis 5 or 6, a Redis or a Cluster';
  if (typeof given !== 'object' || given === null) {
    const got = given === undefined || given === null ? String(given) : `a value of type ${typeof given}`;
    throw invalidRedis(what, rule, got, MAKE_ONE);
  }
  const looks = given as Readonly<Record<string, unknown>>;
  const missing = METHODS.find((method) => typeof looks[method] !== 'function');
  if (missing !== undefined || typeof looks['status'] !== 'string') {
    const got = 'isOpen' in looks ? 'one of node-redis' : `an object without ${missing ?? 'status'}`;
    throw invalidRedis(what, rule, got, MAKE_ONE);
  }
  // By its looks it is one: an `instanceof` would know those of one copy of ioredis only.
  const client = given as RedisClient;
  const mode = 'mode' in client ? { mode: client.mode } : {};
  const options = { ...client.options, ...mode, isCluster: client.isCluster } as ClientOptions;
  const wrong = UNFIT.find(({ unfit }) => unfit(options));
  if (wrong !== undefined) throw invalidRedis(what, wrong.rule, wrong.got, wrong.wayOut);
  return client;
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
