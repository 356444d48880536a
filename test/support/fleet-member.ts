import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { FleetCommands } from './fleet-commands.js';
import type { Command, CommandName, Told } from './fleet-messages.js';
import type { EngineSpec } from './fleet-protocol.js';
import { Gate } from './engine.js';

/** How long a process may take to end by itself after it has been told to. */
const END_DEADLINE_MS = 10_000;

interface Waiting {
  readonly count: number;
  readonly tell: () => void;
}

/** One process that runs the library. Whatever it prints to stderr, or ends of, fails the test that uses it. */
export class FleetMember {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Gate<unknown>>();
  private readonly loadings = new Map<string, number>();
  private readonly waiting = new Map<string, Set<Waiting>>();
  private readonly started = new Gate<void>();
  private readonly ended: Promise<void>;
  private commands = 0;
  private errors = '';
  private ending: 'killed' | 'told to' | undefined;

  constructor(worker: string) {
    this.child = fork(worker, {
      // Not Jest's own flags; with the sources' line numbers in stacks.
      execArgv: ['--enable-source-maps'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.child.on('message', (told: Told) => this.hear(told));
    this.ended = once(this.child, 'close').then(() => this.endPending());
    this.started.promise.catch(() => undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Whether it has not been killed, nor told to end. */
  get isAlive(): boolean {
    return this.ending === undefined;
  }

  /** Resolves when the process takes commands. */
  async ready(): Promise<this> {
    await this.started.promise;
    return this;
  }

  /** Starts an engine in the process, in place of the one before. */
  async start(engine: EngineSpec): Promise<void> {
    await this.ask('start', engine);
    this.loadings.clear();
  }

  /** Has the process do something; resolves with what that came to. */
  async ask<Name extends CommandName>(
    name: Name,
    ...args: Parameters<FleetCommands[Name]>
  ): Promise<Awaited<ReturnType<FleetCommands[Name]>>> {
    const id = (this.commands += 1);
    const gate = new Gate<unknown>();
    this.pending.set(id, gate);
    this.child.send({ id, name, args } satisfies Command, (error) => {
      if (error !== null) gate.reject(error);
    });
    return (await gate.promise) as Awaited<ReturnType<FleetCommands[Name]>>;
  }

  /** How often a loader that is answered by message has been called for an item, since the engine's start. */
  loads(item: string): number {
    return this.loadings.get(item) ?? 0;
  }

  /** Resolves when {@link loads} is `count`. */
  loading(item: string, count = 1): Promise<void> {
    if (this.loads(item) >= count) return Promise.resolve();
    const waiting = this.waiting.get(item) ?? new Set();
    this.waiting.set(item, waiting);
    return new Promise((tell) => waiting.add({ count, tell }));
  }

  /** SIGKILL: what is under way stays undone. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.ending ??= 'killed';
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Resolves when the process has died of the SIGKILL that it sends itself. */
  async died(): Promise<void> {
    this.ending ??= 'killed';
    await this.ended;
  }

  /**
   * Lets the process end by itself: nothing may hold it up.
   *
   * @throws Error when it had to be killed, ended in another way, or had printed to stderr
   */
  async stop(): Promise<void> {
    if (this.ending === undefined && this.child.connected) {
      this.ending = 'told to';
      this.child.send({ id: 0, name: 'end', args: [] } satisfies Command);
    }
    let tooLate = false;
    const timer = setTimeout(() => {
      tooLate = true;
      this.child.kill('SIGKILL');
    }, END_DEADLINE_MS);
    await this.ended;
    clearTimeout(timer);
    if (tooLate) throw new Error(`Process ${this.pid} did not end by itself within ${END_DEADLINE_MS} ms.`);
    const wrong = this.wrongEnd();
    if (wrong !== undefined) throw wrong;
  }

  private hear(told: Told): void {
    if (told.kind === 'started') return this.started.resolve();
    if (told.kind === 'loading') return this.heard(told.item);
    const gate = this.pending.get(told.id);
    this.pending.delete(told.id);
    if (told.kind === 'done') gate?.resolve(told.result);
    else gate?.reject(told.error);
  }

  private heard(item: string): void {
    const count = this.loads(item) + 1;
    this.loadings.set(item, count);
    for (const waiting of this.waiting.get(item) ?? []) if (count >= waiting.count) waiting.tell();
  }

  private endPending(): void {
    const error =
      this.wrongEnd() ?? new Error(`Process ${this.pid} ended (${this.ending}) before it answered.`);
    this.started.reject(error);
    for (const gate of this.pending.values()) gate.reject(error);
    this.pending.clear();
  }

  /** How it ended, unless that is how it should. */
  private wrongEnd(): Error | undefined {
    const { exitCode, signalCode } = this.child;
    const asTold =
      this.ending === 'killed' ? signalCode === 'SIGKILL' : this.ending !== undefined && exitCode === 0;
    if (asTold && this.errors === '') return undefined;
    return new Error(`Process ${this.pid} ended with ${exitCode ?? signalCode}. It printed:\n${this.errors}`);
  }
}
