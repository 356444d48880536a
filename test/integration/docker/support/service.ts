import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ROOT } from '../../../docs/support/markdown.js';
import { FIRST_PORT, PORTS } from '../../../support/redis-server.js';
import { interpolated, type ComposeService } from './compose.js';

/** What the compose file is given. */
export const VARIABLES = {
  REDIS_PASSWORD: 'the-password.of-bots_~1',
  REDIS_ADMIN_PASSWORD: 'the-password.of-all_~2',
  POSTGRES_PASSWORD: 'unused',
  GRAFANA_PASSWORD: 'of-grafana',
};

const PORT_ATTEMPTS = 50;
const LOOKS = 250;
const LOOK_EVERY_MS = 20;
// Goes before the real one on PATH, so that services are started by the very commands of the compose file.
const shimWith = (args: readonly string[]) =>
  `#!/bin/sh\nPATH=\${PATH#*:}\nexec redis-server "$@" ${args.map((arg) => `'${arg}'`).join(' ')}\n`;
// The shell's `read` returns when the pipe from here breaks, however this process ends: nothing is left behind.
const SCRIPT =
  'trap "" HUP INT TERM; cd "$1" || exit; shift; "$@" >>log 2>&1 & read -r _; kill -9 $!; wait $!';

/** Where the services of the compose file run here: names and addresses stand for ports of 127.0.0.1. */
export class Places {
  readonly #ports = new Map<string, number>();
  /** Paths of containers, and what they are here. */
  readonly #paths = new Map([['/etc/redis/', `${ROOT}docker/redis/`]]);

  give(name: string, service: ComposeService, port: number): void {
    this.#ports.set(name, port);
    const address = service.networks?.default.ipv4_address;
    if (address !== undefined) this.#ports.set(address, port);
  }

  /** @param container a folder in a container, with a slash at its end */
  mount(container: string, path: string): void {
    this.#paths.set(container, path);
  }

  /** The text, with everything in it as it is here. */
  here(text: string): string {
    let all = interpolated(text, VARIABLES);
    for (const [container, path] of this.#paths) all = all.replaceAll(container, path);
    for (const [name, port] of this.#ports) {
      const place = new RegExp(`(?<![\\w.-])${name.replaceAll('.', '\\.')}([: ])2?6379`, 'g');
      all = all.replaceAll(place, `127.0.0.1$1${port}`);
    }
    return all;
  }

  environmentOf({ environment = {} }: ComposeService): Record<string, string> {
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, this.here(value)]));
  }
}

/** A service of the compose file that is a Redis or a sentinel, as a process on a port of 127.0.0.1. */
export class RunningService {
  #shell: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly dir: string,
    private readonly service: ComposeService,
    private readonly places: Places,
  ) {}

  /** Starts it by its own command; resolves when it takes commands of the user `default`. */
  static async start(name: string, service: ComposeService, places: Places): Promise<RunningService> {
    for (let attempt = 1; attempt <= PORT_ATTEMPTS; attempt += 1) {
      const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      const running = new RunningService(
        port,
        await mkdtemp(join(tmpdir(), `roost-${name}-`)),
        service,
        places,
      );
      places.give(name, service, port);
      await running.launch();
      if (await running.answers()) return running;
      const log = await readFile(join(running.dir, 'log'), 'utf8').catch(() => '');
      await running.stop();
      if (!/Address already in use|Failed listening/.test(log))
        throw new Error(`${name} did not start:\n${log}`);
    }
    throw new Error(`${name} found no port in ${PORT_ATTEMPTS} attempts.`);
  }

  /** Ends the process and starts it again, with the files that it has written. */
  async restart(): Promise<void> {
    await this.#end();
    await this.launch();
    if (!(await this.answers())) throw new Error(`${this.dir} did not start again.`);
  }

  /** Ends the process, and removes its folder. May be called twice. */
  async stop(): Promise<void> {
    await this.#end();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** A connection of the user `default`. */
  connect(): Redis {
    const secure = this.#isSecure;
    const client = new Redis({
      host: '127.0.0.1',
      port: this.port,
      password: VARIABLES.REDIS_ADMIN_PASSWORD,
      retryStrategy: () => null,
      ...(secure && { tls: { rejectUnauthorized: false } }),
    });
    client.on('error', () => undefined);
    return client;
  }

  /** Asks it as the user `default`. */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = this.connect();
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** Runs the healthcheck of the compose file; resolves with its exit code. */
  async check(environment: Readonly<Record<string, string>> = {}): Promise<number | null> {
    const [kind, text = ''] = this.service.healthcheck?.test ?? [];
    if (kind !== 'CMD-SHELL') throw new Error('Expected a check for the shell.');
    const line = this.places.here(text).replace(/redis-cli( -p \d+)?/, `redis-cli -p ${this.port}`);
    return exitCodeOf(['-c', line], { ...this.places.environmentOf(this.service), ...environment });
  }

  get #isSecure(): boolean {
    return this.service.command?.includes('tls.conf') === true;
  }

  private async launch(): Promise<void> {
    const port = this.#isSecure
      ? ['--tls-port', String(this.port), ...['cert', 'key', 'ca-cert'].flatMap((it) => this.#tlsFile(it))]
      : ['--port', String(this.port)];
    await writeFile(join(this.dir, 'redis-server'), shimWith([...port, '--bind', '127.0.0.1']), {
      mode: 0o755,
    });
    const command = (this.service.command ?? []).map((part) => this.places.here(part));
    this.#shell = spawn('sh', ['-c', SCRIPT, 'service', this.dir, ...command], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...this.places.environmentOf(this.service), PATH: `${this.dir}:${process.env['PATH']}` },
    });
  }

  #tlsFile(kind: string): string[] {
    const file = { cert: 'redis.crt', key: 'redis.key', 'ca-cert': 'ca.crt' }[kind] ?? '';
    return [`--tls-${kind}-file`, this.places.here(`/run/tls/${file}`)];
  }

  /** Resolves with whether it takes commands; not when it has ended, or somebody else has the port. */
  private async answers(): Promise<boolean> {
    for (let look = 0; look < LOOKS; look += 1) {
      const info = await this.ask((client) => client.info('server')).catch(() => '');
      if (info.includes(`config_file:${this.dir}/`)) return true;
      const log = await readFile(join(this.dir, 'log'), 'utf8').catch(() => '');
      if (info !== '' || /Address already in use|FATAL CONFIG/.test(log)) return false;
      await delay(LOOK_EVERY_MS);
    }
    return false;
  }

  async #end(): Promise<void> {
    const shell = this.#shell;
    if (shell === undefined || shell.exitCode !== null) return;
    const ended = once(shell, 'close');
    shell.stdin?.end();
    await ended;
  }
}

/** Runs a command of a service that ends by itself; resolves with its exit code. */
export async function runOnce(service: ComposeService, places: Places): Promise<number | null> {
  const [program = '', ...args] = (service.command ?? []).map((part) => places.here(part));
  if (program !== 'sh') throw new Error('Expected a script.');
  return exitCodeOf(args, places.environmentOf(service));
}

async function exitCodeOf(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number | null> {
  const child = spawn('sh', [...args], {
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], ...environment },
  });
  await once(child, 'close');
  return child.exitCode;
}
