import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What {@link startRedisServer} takes. */
export interface RedisServerOptions {
  /** Sets `requirepass`; `url` then carries it. Default: no password. */
  readonly password?: string;
  /** Further command line arguments, e.g. `['--maxmemory', '10mb']`; they win over the defaults. */
  readonly args?: readonly string[];
  /** Keeps the data over `kill()` and `restart()`: AOF, synced on every write. Default: false. */
  readonly persist?: boolean;
}

// Below every common ephemeral range, so that no outgoing connection (a reconnecting client's own least of all,
// which would be connected to itself) takes the port while its server is down; and `port + 10000`, a cluster
// node's bus, is neither in that range nor another server's port.
export const FIRST_PORT = 12_000;
export const PORTS = 10_000;
const PORT_ATTEMPTS = 50;
const READY_DEADLINE_MS = 20_000;
const LOG_LINES_KEPT = 40;

class PortTakenError extends Error {}

/** A `redis-server` process of this test's own, on a loopback port, with a directory of its own under the temp dir. */
export class RedisServer {
  readonly host = '127.0.0.1';
  readonly #logLines: string[] = [];
  #process: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #pid = 0;

  /** For {@link startRedisServer}. */
  constructor(
    readonly port: number,
    readonly dir: string,
    private readonly options: RedisServerOptions,
  ) {}

  /** `redis://127.0.0.1:<port>`, with the password where there is one. */
  get url(): string {
    const { password } = this.options;
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `redis://${credentials}${this.host}:${this.port}`;
  }

  /** Id of the running process, or of the last one. */
  get pid(): number {
    return this.#pid;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** What the server printed last. */
  get log(): string {
    return this.#logLines.join('\n');
  }

  /** The command line arguments, without the program. */
  get args(): string[] {
    const { password, persist = false, args = [] } = this.options;
    return [
      ...['--port', String(this.port), '--bind', this.host, '--dir', this.dir],
      ...['--save', '', '--appendonly', persist ? 'yes' : 'no', '--appendfsync', 'always'],
      ...['--daemonize', 'no', '--logfile', '', '--loglevel', 'notice'],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ];
  }

  /** Starts the process; resolves when it accepts connections. Rejects when it ends or is silent for 20 s. */
  async launch(): Promise<void> {
    const child = spawn('redis-server', this.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#exited = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => resolve());
    }).then(() => {
      this.#process = undefined;
    });
    const logComplete = new Promise((resolve) => child.once('close', resolve));
    this.#logLines.length = 0;
    const ready = this.#watchLog(child.stdout);
    void this.#watchLog(child.stderr);
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new Error('Expected `redis-server` on PATH. Run `npm run ensure-redis`.', { cause });
    }
    this.#pid = child.pid ?? 0;
    watchOver(child, this.dir);
    const outcome = await this.#outcomeOf(ready);
    if (outcome !== 'ready') {
      await this.kill();
      await logComplete;
      const message = `redis-server on port ${this.port} ${outcome}:\n${this.log}`;
      throw /Address already in use|Failed listening/.test(this.log)
        ? new PortTakenError(message)
        : new Error(message);
    }
    // A test that forgets a server must not hang Jest: the worker ends, and then so does the server.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
  }

  /** SIGKILL, frozen or not. The data survives it with `persist` only. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#process?.ref();
    this.#process?.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGSTOP: connections stay open, the kernel still accepts new ones, nothing is ever answered. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  /** SIGCONT: undoes {@link freeze}; what was sent meanwhile is carried out. */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Kills the process if it runs, then starts it on the same port and directory. Empty unless `persist`. */
  async restart(): Promise<void> {
    await this.kill();
    await this.launch();
  }

  /** Ends the server for good, frozen or not, and removes its directory. May be called twice. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (this.#process === undefined)
      throw new Error(`No server runs on port ${this.port}: cannot ${signal} it.`);
    this.#process.kill(signal);
  }

  /** Keeps the last lines, and keeps reading for as long as the server lives: a full pipe would stop it. */
  #watchLog(input: Readable): Promise<'ready'> {
    return new Promise((resolve) => {
      createInterface({ input }).on('line', (line) => {
        this.#logLines.push(line);
        if (this.#logLines.length > LOG_LINES_KEPT) this.#logLines.shift();
        if (line.includes('Ready to accept connections')) resolve('ready');
      });
    });
  }

  async #outcomeOf(ready: Promise<'ready'>): Promise<string> {
    const timer = new AbortController();
    const silent = delay(READY_DEADLINE_MS, `was not ready within ${READY_DEADLINE_MS} ms`, timer);
    silent.catch(() => undefined);
    try {
      return await Promise.race([ready, this.#exited.then(() => 'ended at once'), silent]);
    } finally {
      timer.abort();
    }
  }
}

/**
 * Leaves neither process nor directory behind, however this process ends: the shell's `read` returns when the pipe
 * from here breaks, which even a SIGKILL of the Jest worker does. (`process.on('exit')` never fires inside Jest.)
 */
function watchOver(server: ChildProcess, dir: string): void {
  const script = 'trap "" HUP INT TERM; read -r _; kill -9 "$1"; rm -rf "$2"';
  const watcher = spawn('sh', ['-c', script, 'watcher', String(server.pid), dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.unref();
  // The server's id may soon be another process's: the watcher must go first.
  server.once('exit', () => watcher.kill('SIGKILL'));
}

/** Starts a server on a free port of 127.0.0.1 and resolves when it accepts connections. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = new RedisServer(port, await mkdtemp(join(tmpdir(), 'roost-redis-')), options);
    try {
      await server.launch();
      return server;
    } catch (error) {
      await server.stop();
      if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Starts `count` servers at once. If one fails, the others are stopped. */
export async function startRedisServers(
  count: number,
  options: RedisServerOptions = {},
): Promise<RedisServer[]> {
  const results = await Promise.allSettled(Array.from({ length: count }, () => startRedisServer(options)));
  const servers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure === undefined) return servers;
  await Promise.all(servers.map((server) => server.stop()));
  throw failure.reason;
}
