import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Servers that run: they end with this process, however that ends. */
const running = new Set();
process.once('exit', () => {
  for (const server of running) server.kill();
});
// A signal ends a process without that.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** A `redis-server` of the benchmark's own, on a free loopback port, that keeps nothing on disk. */
export class RedisServer {
  constructor(child, port, dir) {
    this.child = child;
    this.dir = dir;
    this.url = `redis://127.0.0.1:${port}`;
    this.host = '127.0.0.1';
    this.port = port;
    running.add(this);
  }

  static async start() {
    const port = await freePort();
    const dir = mkdtempSync(join(tmpdir(), 'roost-bench-'));
    const child = spawn(
      'redis-server',
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const server = new RedisServer(child, port, dir);
    const lines = createInterface({ input: child.stdout });
    await new Promise((resolve, reject) => {
      lines.on('line', (line) => line.includes('Ready to accept connections') && resolve());
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`redis-server on port ${port} ended at once`)));
    });
    return server;
  }

  /** Connections stay open, and nothing is answered any more. */
  freeze() {
    this.child.kill('SIGSTOP');
  }

  kill() {
    this.child.kill('SIGKILL');
    running.delete(this);
    rmSync(this.dir, { recursive: true, force: true });
  }

  async stop() {
    const exited = once(this.child, 'exit');
    this.kill();
    await exited;
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
