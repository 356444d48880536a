import { LoadFailure, valueOf, type Ledger, type Read, type Version } from './ledger.js';
import type { Item, Value } from './flavours.js';
import { Gate } from '../../support/engine.js';

/** What a loader does: answers when the test says so, answers at once, or fails at once. */
export type LoaderKind = 'held' | 'instant' | 'failing';

interface LoadCall {
  readonly items: readonly Item[];
  readonly versions: readonly Version[];
  readonly read: Read;
  readonly gate: Gate<void>;
}

/** The source of truth. It changes all the time: each call gives newer versions than the one before. */
export class Source {
  private readonly calls: LoadCall[] = [];
  /** Items with loads that were not to be stored: those who waited for one load by themselves, each for itself. */
  private readonly unstored = new Set<Item>();

  constructor(
    private readonly ledger: Ledger,
    private readonly clock: () => number,
    /** Whether nobody runs a loader while another one's runs. */
    private readonly isOneAtATime: boolean,
  ) {}

  /** How many calls wait for an answer. */
  get waiting(): number {
    return this.calls.length;
  }

  /** The values of items, for a read. */
  async load(read: Read, items: readonly Item[], kind: LoaderKind, org: number): Promise<readonly Value[]> {
    if (!read.isStoring) for (const item of items) this.unstored.add(item);
    const versions = items.map((item) => this.ledger.version({ item, org, read }));
    for (const version of versions) this.checkAlone(version);
    if (kind === 'held') {
      const gate = new Gate<void>();
      this.ledger.held = this.calls.push({ items, versions, read, gate });
      await gate.promise;
    }
    if (kind === 'failing') throw this.failure(read, versions);
    this.made(versions);
    return versions.map(valueOf);
  }

  /** Lets one of the waiting calls go on. */
  answer(which: number, isToFail: boolean): void {
    const [call] = this.calls.splice(which % Math.max(this.calls.length, 1), 1);
    if (call === undefined) return;
    this.ledger.held = this.calls.length;
    if (isToFail) call.gate.reject(this.failure(call.read, call.versions));
    else call.gate.resolve();
  }

  private made(versions: readonly Version[]): void {
    for (const version of versions) version.madeAt = this.clock();
  }

  private failure(read: Read, versions: readonly Version[]): LoadFailure {
    this.made(versions);
    const items = versions.map(({ item }) => item);
    return new LoadFailure(items, versions[0]?.number ?? 0, read);
  }

  /**
   * One load per item, in all processes, unless something took the lease of the one under way, or there was one whose
   * value others could not use.
   */
  private checkAlone({ item, read, number }: Version): void {
    if (!this.isOneAtATime) return;
    for (const { items, read: other, versions } of this.calls) {
      if (!items.includes(item) || (item.flavour.isPerProcess && other.engine !== read?.engine)) continue;
      if (this.unstored.has(item) || this.mayBeFree(item, Math.min(other.since, read?.since ?? 0))) continue;
      const since = versions[items.indexOf(item)]?.number;
      this.ledger.fault(`load ${number} of ${item.key} for ${read?.what} began beside load ${since}`);
    }
  }

  /** Whether something may have taken the lease of an item since a moment. */
  private mayBeFree(item: Item, since: number): boolean {
    const { evictions, lostLeases } = this.ledger;
    return (
      lostLeases.some((lost) => lost.item === item && lost.at >= since) ||
      evictions.some(({ endsLeases, covers, until = Infinity }) => {
        return endsLeases && until >= since && covers(item, undefined);
      })
    );
  }
}
