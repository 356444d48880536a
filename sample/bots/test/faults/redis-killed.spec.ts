import type { RedisServer } from '../../../../test/support/redis-server.js';
import type { DatabaseConnection } from '../../src/database/database-connection.js';
import { openTestDatabase, type Sample } from '../support/sample.js';
import { REDIS_VARIANTS, startVariant } from '../support/variants.js';

const READS = ['/bots/1', '/bots/1/stats', '/bots/1/details', '/orgs/acme/bots', '/orgs/acme/summary'];

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

  const health = () => sample.anonymously().get('/health');

  /** Asks for health until it has that status. */
  async function healthTurns(status: number): Promise<Record<string, unknown>> {
    for (;;) {
      const response = await health();
      if (response.status === status) return response.body;
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
    await traffic.answered(50);

    await redis.restart();
    await healthTurns(200);
    await traffic.answered(50);

    expect(await traffic.stop()).toEqual([]);
  });

  it('answers health within its deadline while Redis hangs', async () => {
    redis.freeze();
    const { error } = (await healthTurns(503)) as { error: object };
    redis.thaw();
    await healthTurns(200);

    expect(error).toMatchObject({ redis: { status: 'down' } });
  });
});

/** Reads and renames bot 1 without a pause, and notes every answer that is wrong or older than the last rename. */
class Traffic {
  private readonly complaints: string[] = [];
  private answers = 0;
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
      for (const path of READS) {
        const response = await this.sample.as('ada').get(path);
        this.check(
          response.status === 200,
          `GET ${path}: ${response.status} ${JSON.stringify(response.body)}`,
        );
      }
    }
  }

  private async rename(): Promise<void> {
    for (let round = 0; this.running; round++) {
      const name = `Name ${round}`;
      const { status } = await this.sample.as('ada').patch('/bots/1').send({ name });
      this.check(status === 200, `PATCH /bots/1: ${status}`);
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
