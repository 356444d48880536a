import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How an application has ended. */
export interface AppEnd {
  /** From being told to until it was gone, milliseconds. */
  readonly ms: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly printed: string;
}

/** A Nest application under load, in a process of its own. */
export class FaultApp {
  private printed = '';

  private constructor(private readonly child: ChildProcess) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
  }

  /** Starts one; resolves when it is under load. */
  static async start(program: string, redis: string): Promise<FaultApp> {
    const child = fork(program, {
      execArgv: ['--enable-source-maps'],
      env: { ...process.env, FAULT_REDIS: redis },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const app = new FaultApp(child);
    const [told] = (await Promise.race([once(child, 'message'), once(child, 'close')])) as [unknown];
    if (told !== 'started') throw new Error(`The application did not start. It printed:\n${app.printed}`);
    return app;
  }

  /** Has it close itself, or sends it SIGTERM; kills it when it has not ended in so many milliseconds. */
  async end(how: 'app.close()' | 'SIGTERM', withinMs: number): Promise<AppEnd> {
    const since = performance.now();
    const closed = once(this.child, 'close');
    if (how === 'SIGTERM') this.child.kill('SIGTERM');
    else this.child.send('close');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), withinMs);
    await closed;
    clearTimeout(timer);
    const { exitCode, signalCode: signal } = this.child;
    return { ms: performance.now() - since, exitCode, signal, printed: this.printed };
  }

  /** For one that has not been ended. */
  kill(): void {
    if (this.child.exitCode === null) this.child.kill('SIGKILL');
  }
}
