import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { FaultCommands } from './fault-commands.js';
import type { FaultCommand, FaultCommandName, FaultTold } from './fault-messages.js';
import { Gate } from './engine.js';

/** How long a process may take to end by itself: the library's own deadlines for that, and a busy machine. */
const END_DEADLINE_MS = 8_000;

/** One process under load. */
export class FaultProcess {
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Gate<unknown>>();
  private readonly started = new Gate<void>();
  private readonly ended: Promise<void>;
  private sent = 0;
  private errors = '';

  constructor(worker: string) {
    this.child = fork(worker, {
      // Not Jest's own flags; with the sources' line numbers in stacks.
      execArgv: ['--enable-source-maps', '--expose-gc'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.child.on('message', (told: FaultTold) => this.hear(told));
    this.ended = once(this.child, 'close').then(() => this.endPending());
    this.started.promise.catch(() => undefined);
  }

  /** Resolves when the process takes commands. */
  async ready(): Promise<void> {
    await this.started.promise;
  }

  /** Has the process do something; resolves with what that came to. */
  async ask<Name extends FaultCommandName>(
    name: Name,
    ...args: Parameters<FaultCommands[Name]>
  ): Promise<Awaited<ReturnType<FaultCommands[Name]>>> {
    const id = (this.sent += 1);
    const gate = new Gate<unknown>();
    this.pending.set(id, gate);
    this.child.send({ id, name, args } satisfies FaultCommand, (error) => {
      if (error !== null) gate.reject(error);
    });
    return (await gate.promise) as Awaited<ReturnType<FaultCommands[Name]>>;
  }

  /** Lets the process close everything and end by itself. Tells what was wrong with that, if anything. */
  async stop(): Promise<string | undefined> {
    if (this.child.connected) this.child.send({ id: 0, name: 'end', args: [] } satisfies FaultCommand);
    let tooLate = false;
    const timer = setTimeout(() => {
      tooLate = true;
      this.child.kill('SIGKILL');
    }, END_DEADLINE_MS);
    await this.ended;
    clearTimeout(timer);
    if (tooLate) return `did not end by itself within ${END_DEADLINE_MS} ms`;
    const { exitCode, signalCode } = this.child;
    // What ioredis prints for a user who may not use INFO can't be turned off, nor is it ours.
    const errors = this.errors.replaceAll(/^Skipping the ready check because INFO command fails: .*\n/gm, '');
    if (exitCode === 0 && errors === '') return undefined;
    return `ended with ${exitCode ?? signalCode}. It printed:\n${errors}`;
  }

  private hear(told: FaultTold): void {
    if (told.kind === 'started') return this.started.resolve();
    const gate = this.pending.get(told.id);
    this.pending.delete(told.id);
    if (told.kind === 'done') gate?.resolve(told.result);
    else gate?.reject(told.error);
  }

  private endPending(): void {
    const error = new Error(`The process ended before it answered. It printed:\n${this.errors}`);
    this.started.reject(error);
    for (const gate of this.pending.values()) gate.reject(error);
    this.pending.clear();
  }
}
