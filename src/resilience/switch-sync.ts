import type { Switched, Switches } from '../engine/switches.js';
import { isShut, type Gate } from './gate.js';

/** How often all instances look, milliseconds, should a message have been lost. Keeps the switches alive, too. */
const INTERVAL_MS = 60_000;
/** How soon to try again what has failed, milliseconds, and longer and longer if it goes on failing. */
const RETRY_MS = 1_000;

/** Switches that all instances share. */
export interface SharedSwitches {
  /**
   * Brings together what this process knows and what all know, and returns that.
   *
   * @param turnedNow how many of them, from the front, were turned just now: those count as later than all others
   */
  merge(known: readonly Switched[], turnedNow: number): Promise<readonly Switched[]>;
}

export interface SwitchSyncParts {
  readonly switches: () => Switches;
  readonly shared: SharedSwitches;
  readonly gate: Pick<Gate, 'run'>;
  readonly onProblem: (operation: string, error: unknown) => void;
}

/**
 * Keeps this process's switches in step with those of all instances. While these can't be reached, what is known
 * stands. Every instance tells all that it knows, so that a Redis that has lost them learns them again.
 */
export class SwitchSync {
  /** Names of those that were turned here and have not been on their way to the others yet. */
  private readonly turnedNow = new Set<string>();
  /** Names of those that were turned here and of which it is not known whether the others can see it. */
  private readonly untold = new Set<string>();
  private last: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private pause = RETRY_MS;
  private isClosed = false;

  constructor(private readonly parts: SwitchSyncParts) {}

  /** Those that were turned here and may not have reached the others. */
  get pending(): readonly string[] {
    return [...this.untold];
  }

  /** A switch was turned here. Resolves when the others can see it, or when they can't be reached. */
  turned(name: string): Promise<void> {
    this.turnedNow.add(name);
    this.untold.add(name);
    return this.sync();
  }

  /** Brings both sides together, once for all who ask while that is under way. Never rejects. */
  sync(): Promise<void> {
    this.next ??= this.last.then(() => {
      this.next = undefined;
      return this.attempt();
    });
    this.last = this.next;
    return this.next;
  }

  /** Resolves when nothing is under way. */
  settled(): Promise<void> {
    return this.last;
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async attempt(): Promise<void> {
    if (this.isClosed) return;
    clearTimeout(this.timer);
    let isDone = false;
    try {
      await this.merge();
      isDone = true;
    } catch (error) {
      // That it is shut has been told when it was.
      if (!isShut(error)) this.parts.onProblem('switches', error);
    }
    if (this.isClosed) return;
    this.timer = setTimeout(() => void this.sync(), isDone ? INTERVAL_MS : this.pause).unref();
    this.pause = isDone ? RETRY_MS : Math.min(this.pause * 2, INTERVAL_MS);
  }

  private async merge(): Promise<void> {
    const switches = this.parts.switches();
    const now = switches.turned.filter(({ name }) => this.turnedNow.has(name));
    const before = switches.turned.filter(({ name }) => !this.turnedNow.has(name));
    // Only once: when it comes late, it is the time of the turn that counts.
    this.turnedNow.clear();
    const all = await this.parts.gate.run(
      () => this.parts.shared.merge([...now, ...before], now.length),
      'switches',
    );
    // What was turned meanwhile is later, and on its way next.
    for (const switched of all) if (!this.turnedNow.has(switched.name)) switches.adopt(switched);
    for (const name of this.untold) if (!this.turnedNow.has(name)) this.untold.delete(name);
  }
}
