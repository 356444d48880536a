import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { FIRST_PORT, PORTS } from './redis-server.js';

const PORT_ATTEMPTS = 50;
const LOOK_EVERY_MS = 20;
// The shell's `read` returns when the pipe from here breaks, however this process ends: nothing is left behind.
const SCRIPT =
  'trap "" HUP INT TERM; redis-server "$1" --sentinel >"$2/log" 2>&1 & read -r _; kill -9 $!; wait $!; rm -rf "$2"';

/** One sentinel of this test's own, on a loopback port. */
export class SentinelProcess {
  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly shell: ChildProcess,
  ) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts one with these lines of configuration; resolves when it takes commands. */
  static async start(configuration: readonly string[]): Promise<SentinelProcess> {
    for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt++) {
      const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      const dir = await mkdtemp(join(tmpdir(), 'roost-sentinel-'));
      const file = join(dir, 'sentinel.conf');
      const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...configuration];
      await writeFile(file, `${lines.join('\n')}\n`);
      const shell = spawn('sh', ['-c', SCRIPT, 'sentinel', file, dir], {
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      const sentinel = new SentinelProcess(port, dir, shell);
      if (await sentinel.answers(file)) return sentinel;
      await sentinel.stop();
    }
    throw new Error(`No sentinel could be started in ${PORT_ATTEMPTS} attempts.`);
  }

  /** Asks it over a connection of its own. */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({ host: '127.0.0.1', port: this.port, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** Ends it, and removes its directory. May be called twice. */
  async stop(): Promise<void> {
    const { exitCode, stdin } = this.shell;
    if (exitCode === null) {
      const ended = once(this.shell, 'close');
      stdin?.end();
      await ended;
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  /** Resolves with whether it takes commands; it does not when somebody else has the port. */
  private async answers(file: string): Promise<boolean> {
    for (let look = 0; look < 100; look++) {
      const info = await this.ask((client) => client.info('server')).catch(() => '');
      if (info !== '') return info.includes(`config_file:${file}`);
      await delay(LOOK_EVERY_MS);
    }
    return false;
  }
}
