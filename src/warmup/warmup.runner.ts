import { CacheError } from '../errors.js';
import type { ResolvedWarmup } from './cache-warmup.options.resolved.js';
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
    const tasks = await this.retry(find);
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
        const next = await this.inTime(() => iterator.next());
        if (next.done === true) isOver = true;
        else drawn.push(next.value);
      } catch (error) {
        failure = { error };
        isOver = true;
      }
    }
    const tasks = drawn.values();
    const worker = async () => {
      for (const task of tasks) await this.limiter.run(() => this.item(task));
    };
    await Promise.all(Array.from({ length: Math.min(options.concurrency, drawn.length) }, worker));
    if (failure !== undefined && !signal.aborted) throw failure.error;
    return isOver;
  }

  private async item(task: Task): Promise<void> {
    const { progress, onFailure, signal, turn } = this.parts;
    if (!signal.aborted) await turn();
    try {
      const outcome = await this.retry(async (run) => {
        await task(run);
        return 'done' as const;
      });
      // What was not begun, or was stopped, is neither done nor failed.
      if (outcome === 'done') progress.succeeded();
    } catch (error) {
      progress.hasFailed();
      onFailure(error);
    }
  }

  /** Nothing when the run is to stop. */
  private async retry<T>(attempt: (run: WarmupRun) => Promise<T>): Promise<T | undefined> {
    const { options, timing, signal } = this.parts;
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        return await this.inTime(attempt);
      } catch (error) {
        if (signal.aborted) return undefined;
        if (failures >= options.retries) throw error;
        const longest = Math.min(options.retryDelay * 2 ** failures, LONGEST_PAUSE_MS);
        await timing.sleep(longest * (1 - timing.random() / 2), signal);
      }
    }
    return undefined;
  }

  /** Gives the work a signal that is aborted when its time is up, and then goes on without it. */
  private async inTime<T>(work: (run: WarmupRun) => T | PromiseLike<T>): Promise<T> {
    const { options, timing, signal, gone } = this.parts;
    const stop = new StopSignal(signal);
    const wait = new StopSignal(gone);
    const working = (async () => work({ signal: stop.signal }))();
    let isSettled = false;
    const tooLong = timing.sleep(options.timeout, wait.signal).then(() => {
      // Whatever it comes to later, nobody waits for it.
      working.catch(() => undefined);
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
