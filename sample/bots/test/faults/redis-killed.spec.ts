import type { RedisServer } from '../../../../test/support/redis-server.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { askHealth, fastest, HEALTH_BOUND_MS } from '../support/health.js';
import { openTestDatabase, type Sample } from '../support/sample.js';
import { REDIS_VARIANTS, startVariant } from '../support/variants.js';

interface Named {
  readonly name: string;
}

/** What the bodies of the cached routes have, one or the other. */
interface Body extends Named {
  readonly items: readonly Named[];
  readonly bots: readonly Named[];
}

/** The cached routes, and where they tell the name of bot 1. */
const READS: Readonly<Record<string, (body: Body) => string | undefined>> = {
  '/bots/1': (bot) => bot.name,
  '/bots/1/stats': () => undefined,
  '/bots/1/details': (details) => details.name,
  '/orgs/acme/bots': ({ items }) => items[0]?.name,
  '/orgs/acme/summary': ({ bots }) => bots[0]?.name,
};

let database: DatabaseConnection;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.onApplicationShutdown());

describe.each(REDIS_VARIANTS)('on $adapter', (variant) => {
  let sample: Sample;
  let redis: RedisServer;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const started = await startVariant(variant, database);
    if (started.redis === undefined) throw new Error('Expected a variant with Redis');
    ({ sample, redis, stop } = { ...started, redis: started.redis });
  });
  afterAll(() => stop());

  /** Asks for health until it has that status. */
  async function healthTurns(status: number): Promise<Readonly<Record<string, unknown>>> {
    for (;;) {
      const health = await askHealth(sample);
      if (health.status === status) return health.body;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it('answers every request correctly while Redis is killed and comes back, and health tells', async () => {
    const traffic = new Traffic(sample);
    traffic.start();
    await traffic.answered(50);
    expect(await healthTurns(200)).toMatchObject({
      info: { redis: { status: 'up', latencyMs: expect.any(Number) } },
    });

    await redis.kill();
    await traffic.answered(50);
    expect(await healthTurns(503)).toMatchObject({
      error: { redis: { status: 'down', reason: expect.stringMatching(/./) } },
      info: { database: { status: 'up' } },
    });
    expect(await askHealth(sample, '/health/ready')).toMatchObject({
      status: 200,
      body: {
        info: {
          cache: {
            degraded: expect.arrayContaining([expect.stringMatching(/no connection to Redis/)]),
          },
          database: { status: 'up' },
        },
      },
    });
    expect(await askHealth(sample, '/health/live')).toMatchObject({ status: 200 });
    await traffic.answered(50);

    await redis.restart();
    await healthTurns(200);
    await traffic.answered(50);

    expect(await traffic.stop()).toEqual([]);
  });

  it('answers health within its bound while Redis hangs', async () => {
    redis.freeze();
    const hanging = [await askHealth(sample), await askHealth(sample), await askHealth(sample)];
    redis.thaw();
    await healthTurns(200);

    for (const { status, body } of hanging) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ error: { redis: { status: 'down' } } });
    }
    expect(fastest(hanging)?.elapsed).toBeLessThan(HEALTH_BOUND_MS);
  });
});

/** Reads and renames bot 1 without a pause, and notes every answer that is wrong or older than the last rename. */
class Traffic {
  private readonly complaints: string[] = [];
  private answers = 0;
  /** The last rename that has been answered: whoever asks from now on must not see an older name. */
  private renamed = 0;
  private running = true;
  private done: Promise<unknown> = Promise.resolve();
  private waiting: { readonly until: number; readonly resolve: () => void } | undefined;

  constructor(private readonly sample: Sample) {}

  start(): void {
    this.done = Promise.all([this.read(), this.read(), this.rename()]);
  }

  /** Resolves when that many more requests have been answered. */
  answered(more: number): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = { until: this.answers + more, resolve };
    });
  }

  async stop(): Promise<readonly string[]> {
    this.running = false;
    await this.done;
    return this.complaints;
  }

  private async read(): Promise<void> {
    while (this.running) {
      for (const [path, nameIn] of Object.entries(READS)) {
        const { renamed } = this;
        const { status, body } = await this.sample.as('ada').get(path);
        const name = status === 200 ? nameIn(body) : undefined;
        this.check(
          status === 200 && (name === undefined || roundOf(name) >= renamed),
          `GET ${path} after rename ${renamed}: ${status} ${name ?? JSON.stringify(body)}`,
        );
      }
    }
  }

  private async rename(): Promise<void> {
    for (let round = 1; this.running; round++) {
      const name = `Name ${round}`;
      const { status } = await this.sample.as('ada').patch('/bots/1').send({ name });
      this.check(status === 200, `PATCH /bots/1: ${status}`);
      this.renamed = round;
      const { body } = await this.sample.as('ada').get('/bots/1');
      this.check(body.name === name, `GET /bots/1 after the rename to ${name}: ${JSON.stringify(body)}`);
    }
  }

  private check(right: boolean, complaint: string): void {
    if (!right) this.complaints.push(complaint);
    this.answers += 1;
    if (this.waiting !== undefined && this.answers >= this.waiting.until) {
      this.waiting.resolve();
      this.waiting = undefined;
    }
  }
}

/** `Name 7` → 7; 0 for the name that the bot was seeded with. */
function roundOf(name: string): number {
  return Number(/^Name (\d+)$/.exec(name)?.[1] ?? 0);
}
