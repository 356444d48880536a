import { CacheError } from '../errors.js';
import type { ResolvedWarmup } from './cache-warmup.options.resolved.js';
import { Attempt } from './attempt.js';
import { Limiter } from './limiter.js';
import { StopSignal } from './stop-signal.js';
import type { Timing } from './timing.js';
import type { WarmupRun } from './warm.js';
import type { ProgressCounter } from './warmup.progress.js';
import { iteratorOf, type Task, type Tasks } from './warmup.tasks.js';

/** The longest pause between two attempts, milliseconds. */
const LONGEST_PAUSE_MS = 10_000;

export interface RunParts {
  readonly options: Pick<
    ResolvedWarmup,
    'name' | 'batchSize' | 'concurrency' | 'retries' | 'retryDelay' | 'timeout'
  >;
  readonly timing: Timing;
  readonly progress: Pick<ProgressCounter, 'succeeded' | 'hasFailed'>;
  /** Waits until this run is at the front of the line. */
  readonly turn: () => Promise<void>;
  /** An item has failed for good. */
  readonly onFailure: (error: unknown) => void;
  /** Aborted when no new item is to begin. */
  readonly signal: AbortSignal;
  /** Aborted when what is under way is not waited for any more, either. */
  readonly gone: AbortSignal;
}

/** Goes through items: in batches, so many at a time, with retries. One runner serves what runs side by side. */
export class WarmupRunner {
  /** Whether it has ended as all that it worked on went on after its time. */
  isJammed = false;
  private readonly limiter: Limiter;

  constructor(private readonly parts: RunParts) {
    this.limiter = new Limiter(parts.options.concurrency);
  }

  /**
   * @param find asks for the items
   * @param onFound is told of how many there are, where that is known
   * @throws what `find` throws, after all retries; what the iterable throws
   */
  async run(
    find: (run: WarmupRun) => Promise<Tasks>,
    onFound: (total: number | undefined) => void,
  ): Promise<void> {
    const { signal } = this.parts;
    const tasks = await this.retry(find, () => undefined);
    if (tasks === undefined) return;
    onFound(tasks.total);
    const iterator = iteratorOf(tasks.list);
    try {
      let isOver = false;
      while (!isOver && !signal.aborted) isOver = await this.batch(iterator);
    } finally {
      // Not waited for: one that hangs would hold it up.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
  }

  /** Tells whether it was the last one. What was drawn before the iterable failed is worked on all the same. */
  private async batch(iterator: Iterator<Task> | AsyncIterator<Task>): Promise<boolean> {
    const { options, signal } = this.parts;
    const drawn: Task[] = [];
    let isOver = false;
    let failure: { readonly error: unknown } | undefined;
    while (drawn.length < options.batchSize && !isOver && !signal.aborted) {
      try {
        const next = await this.inTime(() => new Attempt(() => iterator.next()));
        if (next.done === true) isOver = true;
        else drawn.push(next.value);
      } catch (error) {
        failure = { error };
        isOver = true;
      }
    }
    const tasks = drawn.values();
    let isJammed = false;
    const worker = async () => {
      for (const task of tasks) {
        if (isJammed || !(await this.place())) {
          isJammed = !signal.aborted;
          return;
        }
        await this.item(task);
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.concurrency, drawn.length) }, worker));
    if (isJammed && !signal.aborted) throw this.jam();
    if (failure !== undefined && !signal.aborted) throw failure.error;
    return isOver;
  }

  /** Whether it gets one. Not when all are kept by items that go on after their time, and longer than that again. */
  private async place(): Promise<boolean> {
    const { limiter } = this;
    if (limiter.takeFree()) return true;
    const { options, timing, signal } = this.parts;
    const wait = new StopSignal(signal);
    const watch = async () => {
      while (!wait.isStopped) {
        await timing.sleep(options.timeout, wait.signal);
        if (limiter.allHang) wait.stop();
      }
    };
    void watch();
    const isMine = await limiter.take(wait.signal);
    wait.stop();
    wait.release();
    return isMine;
  }

  private jam(): CacheError {
    this.isJammed = true;
    const { name, concurrency, timeout } = this.parts.options;
    return new CacheError(
      'CACHE_LOAD_TIMEOUT',
      `Warmup \`${name}\` has ${concurrency} items (\`concurrency\`) that went on after their \`timeout\` of ${timeout} ms.`,
    );
  }

  /** Has a place. It keeps that for as long as it is being worked on, waited for or not. */
  private async item(task: Task): Promise<void> {
    let last: Attempt<unknown> | undefined;
    await this.tried(task, (attempt) => (last = attempt));
    if (last === undefined || last.isOver) this.limiter.give();
    else this.limiter.keep(last.ended);
  }

  private async tried(task: Task, onAttempt: (attempt: Attempt<unknown>) => void): Promise<void> {
    const { progress, onFailure, signal, turn } = this.parts;
    if (!signal.aborted) await turn();
    try {
      const outcome = await this.retry(async (run) => {
        await task(run);
        return 'done' as const;
      }, onAttempt);
      // What was not begun, or was stopped, is neither done nor failed.
      if (outcome === 'done') progress.succeeded();
    } catch (error) {
      progress.hasFailed();
      onFailure(error);
    }
  }

  /** Nothing when the run is to stop. What goes on after its time is not tried again beside itself. */
  private async retry<T>(
    work: (run: WarmupRun) => Promise<T>,
    onAttempt: (attempt: Attempt<T>) => void,
  ): Promise<T | undefined> {
    const { options, timing, signal } = this.parts;
    for (let failures = 0; !signal.aborted; failures += 1) {
      let attempt: Attempt<T> | undefined;
      try {
        return await this.inTime((run) => {
          attempt = new Attempt(() => work(run));
          onAttempt(attempt);
          return attempt;
        });
      } catch (error) {
        if (signal.aborted) return undefined;
        if (failures >= options.retries) throw error;
        const longest = Math.min(options.retryDelay * 2 ** failures, LONGEST_PAUSE_MS);
        await timing.sleep(longest * (1 - timing.random() / 2), signal);
        if (attempt?.isOver === false) throw error;
      }
    }
    return undefined;
  }

  /** Gives the work a signal that is aborted when its time is up, and then goes on without it. */
  private async inTime<T>(begin: (run: WarmupRun) => Attempt<T>): Promise<T> {
    const { options, timing, signal, gone } = this.parts;
    const stop = new StopSignal(signal);
    const wait = new StopSignal(gone);
    const { result: working } = begin({ signal: stop.signal });
    let isSettled = false;
    const tooLong = timing.sleep(options.timeout, wait.signal).then(() => {
      if (isSettled) return working;
      const error = new CacheError(
        'CACHE_LOAD_TIMEOUT',
        `Warmup \`${options.name}\` has waited for longer than its \`timeout\` of ${options.timeout} ms.`,
      );
      stop.stop(error);
      throw error;
    });
    try {
      return await Promise.race([working, tooLong]);
    } finally {
      isSettled = true;
      tooLong.catch(() => undefined);
      wait.stop();
      wait.release();
      stop.release();
    }
  }
}
