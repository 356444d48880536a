import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  FIRST_PORT,
  PORTS,
  type RedisServer,
  startRedisServer,
  startRedisServers,
} from '../support/redis-server.js';

const servers: RedisServer[] = [];
const clients: Redis[] = [];

async function start(options?: Parameters<typeof startRedisServer>[0]): Promise<RedisServer> {
  const server = await startRedisServer(options);
  servers.push(server);
  return server;
}

function connect(server: RedisServer): Redis {
  const client = new Redis(server.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

afterEach(async () => {
  // disconnect() on a closed connection would keep the process for ioredis's `disconnectTimeout`.
  for (const client of clients.splice(0)) if (client.status !== 'end') client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('the test server', () => {
  it('is ready for commands when it has started', async () => {
    const server = await start();
    expect(await connect(server).ping()).toBe('PONG');
    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`);
    expect(server.running).toBe(true);
  });

  it('asks for its password, which the url carries whatever characters it has', async () => {
    const server = await start({ password: 'p@ss:w/rd#"1' });
    expect(await connect(server).ping()).toBe('PONG');
    const stranger = new Redis(server.port, { retryStrategy: () => null, enableReadyCheck: false });
    stranger.on('error', () => undefined);
    clients.push(stranger);
    await expect(stranger.get('a')).rejects.toThrow('NOAUTH');
  });

  it('takes further arguments', async () => {
    const server = await start({ args: ['--maxmemory', '10mb', '--maxmemory-policy', 'allkeys-lru'] });
    expect(await connect(server).config('GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'allkeys-lru',
    ]);
  });

  it('is gone after stop, process and directory, and may be stopped twice', async () => {
    const server = await start();
    expect(existsSync(server.dir)).toBe(true);
    await server.stop();
    await server.stop();
    expect(alive(server.pid)).toBe(false);
    expect(server.running).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  it('can be stopped while frozen', async () => {
    const server = await start();
    server.freeze();
    await server.stop();
    expect(alive(server.pid)).toBe(false);
  });

  it('answers nothing while frozen, and then what was asked meanwhile', async () => {
    const server = await start();
    const client = connect(server);
    await client.set('a', '1');
    server.freeze();
    const answer = client.get('a');
    expect(await Promise.race([answer, delay(100, 'nothing')])).toBe('nothing');
    server.thaw();
    expect(await answer).toBe('1');
  });

  it('closes its connections when killed, and comes back empty on the same port', async () => {
    const server = await start();
    const client = connect(server);
    await client.set('a', '1');
    const closed = once(client, 'close');
    const { pid, port } = server;
    await server.kill();
    await closed;
    expect(alive(pid)).toBe(false);
    expect(() => server.freeze()).toThrow(`No server runs on port ${port}`);

    await server.restart();
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await connect(server).get('a')).toBeNull();
  });

  it('comes back with its data when it persists', async () => {
    const server = await start({ persist: true });
    await connect(server).set('a', '1');
    await server.restart();
    expect(await connect(server).get('a')).toBe('1');
  });

  it('starts several at once, each on its own port', async () => {
    const several = await startRedisServers(4);
    servers.push(...several);
    expect(new Set(several.map((server) => server.port)).size).toBe(4);
    await Promise.all(several.map((server, index) => connect(server).set('who', index)));
    expect(await Promise.all(several.map((server) => connect(server).get('who')))).toEqual([
      '0',
      '1',
      '2',
      '3',
    ]);
  });

  it('moves to another port when one is taken', async () => {
    const taken = await start();
    const random = Math.random;
    const first = (taken.port - FIRST_PORT + 0.5) / PORTS;
    let calls = 0;
    Math.random = () => (calls++ === 0 ? first : random());
    try {
      const server = await start();
      expect(calls).toBeGreaterThan(1);
      expect(server.port).not.toBe(taken.port);
    } finally {
      Math.random = random;
    }
  });

  it('says so when its port is taken at a restart', async () => {
    const server = await start();
    await server.kill();
    const squatter = createServer().listen(server.port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      await expect(server.restart()).rejects.toThrow('already in use');
    } finally {
      squatter.close();
    }
    await server.restart();
    expect(await connect(server).ping()).toBe('PONG');
  });

  it('rejects a bad argument with what the server printed', async () => {
    await expect(start({ args: ['--no-such-option', 'x'] })).rejects.toThrow(
      /ended at once[^]*no-such-option/,
    );
  });
});
