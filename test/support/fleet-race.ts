import { setTimeout as delay } from 'node:timers/promises';
import type { EngineUnderTest } from './engine.js';
import { Floors } from './fleet-floors.js';
import type { Hearing } from './fleet-hearing.js';
import { racedItems } from './fleet-items.js';
import type { RaceReport, RaceSpec } from './fleet-protocol.js';
import { RaceReaders } from './fleet-race-readers.js';
import { RaceWriter } from './fleet-race-writer.js';
import type { Raced } from './fleet-raced.js';
import { VersionSource } from './fleet-source.js';

/**
 * One process's part in a race. It changes the source and evicts; meanwhile it reads, and checks every value: it
 * must not be older than the newest one whose eviction was acknowledged here, or heard from elsewhere, before the
 * read began.
 */
export class Race {
  private readonly source: VersionSource;
  private readonly floors = new Floors(() => this.stop());
  private readonly readers: RaceReaders;
  private readonly writer: RaceWriter;
  private over = false;

  constructor(
    private readonly spec: RaceSpec,
    private readonly engine: EngineUnderTest,
    raced: Raced,
    private readonly hearing: Hearing,
  ) {
    const { member, members, loaderMs, source } = spec;
    this.source = new VersionSource(source);
    this.readers = new RaceReaders(raced, this.source, racedItems(members), this.floors, loaderMs);
    this.writer = new RaceWriter(member, engine.runtime, raced, this.source, this.floors);
    hearing.onEach((text) => this.writer.heard(text));
  }

  /** Reads and writes until the time is over, `stop` is called, or a value is older than it may be. */
  async run(): Promise<RaceReport> {
    const { durationMs, readers, writerMs } = this.spec;
    const timer = setTimeout(() => this.stop(), durationMs);
    await Promise.all([
      ...Array.from({ length: readers }, () => this.repeat(() => this.readers.read(), 0)),
      this.repeat(() => this.writer.changeShared(), writerMs),
      this.repeat(() => this.writer.changeOwned(), writerMs),
    ]);
    clearTimeout(timer);
    await this.engine.runtime.engine.background.drain();
    await this.source.close();
    return this.report();
  }

  stop(): void {
    this.over = true;
  }

  /**
   * Says that this process is done, and tells whether all the others have been heard to say so: then all their
   * evictions have arrived. To be asked again if not, since a connection that breaks takes messages along.
   */
  async isQuiet(): Promise<boolean> {
    const { member, members } = this.spec;
    const { guard, bus } = this.engine.runtime.redis!;
    if (!(await guard.catchUp()) || !bus.armed) return false;
    await this.writer.tell(`over:${member}`);
    return Array.from({ length: members }, (_, other) => other).every(
      (other) => other === member || this.hearing.hasHeard(`over:${other}`),
    );
  }

  private async repeat(act: () => Promise<void>, longestPauseMs: number): Promise<void> {
    while (!this.over) {
      await act();
      if (longestPauseMs > 0) await delay(Math.random() * longestPauseMs);
    }
  }

  private report(): RaceReport {
    const { reads, problems } = this.engine;
    const countOf = (...outcomes: readonly string[]) =>
      reads.filter(({ outcome, tier = '' }) => outcomes.includes(`${outcome} ${tier}`)).length;
    const texts = problems.map(({ operation, error }) => `${operation}: ${String(error)}`);
    return {
      figures: {
        reads: this.readers.reads,
        'hits in L1': countOf('hit l1'),
        'hits in L2': countOf('hit l2'),
        'stale hits': countOf('stale l1', 'stale l2'),
        joined: reads.filter(({ coalesced }) => coalesced).length,
        loads: this.readers.loads,
        writes: this.writer.writes,
      },
      violations: this.floors.violations,
      problems: [...new Set(texts)],
    };
  }
}
