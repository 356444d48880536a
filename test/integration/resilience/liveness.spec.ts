import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Liveness } from '../../../src/stores/redis/liveness.js';
import { catchParserErrors } from '../../../src/stores/redis/parser-errors.js';
import { until } from '../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../support/redis-server.js';

const DEADLINE_MS = 500;

async function hangUp(client: Redis): Promise<void> {
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.disconnect();
  await ended;
}

/** Resolves when a connection closes, whatever error comes before that. */
function closeOf(client: Redis): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

describe('a connection that has to prove that it lives', () => {
  let server: RedisServer;
  let admin: Redis;
  let client: Redis;
  let liveness: Liveness;
  let closes: number;

  beforeEach(async () => {
    server = await startRedisServer({ args: ['--lua-time-limit', '10'] });
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
    client = new Redis(server.url, {
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => 20,
      lazyConnect: true,
    });
    client.on('error', () => undefined);
    catchParserErrors(client);
    await Promise.all([client.connect(), admin.ping()]);
    closes = 0;
    client.on('close', () => (closes += 1));
    liveness = new Liveness(() => [client], DEADLINE_MS);
  });

  afterEach(async () => {
    await Promise.all([hangUp(client), hangUp(admin)]);
    await server.stop();
  });

  const pings = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);

  it('is kept when it echoes', async () => {
    liveness.check();
    await client.ping();
    expect(client.status).toBe('ready');
    expect(closes).toBe(0);
  });

  it('is made anew when Redis hangs', async () => {
    const closed = closeOf(client);
    server.freeze();
    liveness.check();
    await closed;
    server.thaw();
    await once(client, 'ready');
    expect(await client.ping()).toBe('PONG');
  });

  it('is made anew when its replies are those of other commands', async () => {
    const closed = closeOf(client);
    // One reply that nobody has asked for: from here on each command would get the one before its own.
    client.stream.write('PING\r\n');
    liveness.check();
    await closed;
    await once(client, 'ready');
    expect(await client.echo('own')).toBe('own');
  });

  it('is kept when this process was too busy to hear the echo', async () => {
    liveness.check();
    const since = performance.now();
    while (performance.now() - since < 2 * DEADLINE_MS);
    await client.ping();
    expect(client.status).toBe('ready');
    expect(closes).toBe(0);
  });

  it('is kept when Redis refuses: that is an answer', async () => {
    const script = admin.eval('while true do end', 0).catch(() => undefined);
    await refused(() => client.get('a'));
    liveness.check();
    await refused(() => client.get('a'));
    expect(closes).toBe(0);
    await client.script('KILL');
    await script;
    expect(client.status).toBe('ready');
  });

  it('is asked once at a time, and again afterwards', async () => {
    const before = await pings();
    for (let time = 0; time < 10; time += 1) liveness.check();
    await client.echo('after');
    expect(await pings()).toBe(before + 1);
    liveness.check();
    await client.echo('after');
    expect(await pings()).toBe(before + 2);
  });

  it('is left alone while it is being made', async () => {
    await server.kill();
    if (client.status === 'ready') await closeOf(client);
    liveness.check();
    await server.restart();
    await until(() => client.status === 'ready' && admin.status === 'ready');
    expect(await client.ping()).toBe('PONG');
  });

  /** Resolves when Redis answers BUSY. */
  async function refused(ask: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await ask();
      } catch (error) {
        expect((error as Error).message).toMatch(/^BUSY/);
        return;
      }
    }
  }
});

describe('a connection on which something comes that is no reply', () => {
  let server: RedisServer;
  let client: Redis;

  beforeEach(async () => {
    server = await startRedisServer();
    client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => 20 });
    client.on('error', () => undefined);
    catchParserErrors(client);
    await client.connect();
  });

  afterEach(async () => {
    await hangUp(client);
    await server.stop();
  });

  /** As if it came from Redis. */
  const hear = (text: string) => client.stream.emit('data', Buffer.from(text));

  it('is made anew, and nobody has to catch what the listener of the socket throws', async () => {
    for (let time = 0; time < 3; time += 1) {
      const closed = closeOf(client);
      await client.subscribe('channel');
      // Where messages are expected, ioredis takes the first element of every list for a text.
      expect(() => hear('*1\r\n$-1\r\n')).not.toThrow();
      await closed;
      await once(client, 'ready');
      await client.unsubscribe('channel');
    }
    expect(await client.echo('own')).toBe('own');
  });

  it('is made anew when that is not even of the protocol', async () => {
    const closed = closeOf(client);
    expect(() => hear('\0nonsense\r\n')).not.toThrow();
    await closed;
    await once(client, 'ready');
    expect(await client.echo('own')).toBe('own');
  });
});
