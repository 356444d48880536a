import type { CallOverrides } from '../../../src/cache-handle.js';
import { keyOf, tagsOf, type Flavour, type Item, type ItemArgs, type Value } from './flavours.js';
import { Ledger, LoadFailure, spoil, type Eviction, type Read } from './ledger.js';
import type { Process, Processes } from './processes.js';
import { Source, type LoaderKind } from './source.js';

/** How many items each cache has in a run. Few, so that commands meet. */
const ITEMS_PER_CACHE = 2;
/** How often the end is asked for before it is said never to come. */
const MOST_ROUNDS = 500;
/** How often nothing may move before it is said to have stopped. */
const MOST_IDLE_ROUNDS = 20;

/** One call that the test has made. */
export interface Call {
  readonly what: string;
  readonly process: Process;
  readonly isOver: () => boolean;
}

/** What a call reads. */
export interface Wanted {
  readonly items: readonly Item[];
  /** Whether it never gives nothing. */
  readonly loads: boolean;
  readonly loader: LoaderKind;
  readonly org: number;
}

/** One run: the items, what happens to them, and the calls that are under way. */
export class Scene {
  readonly ledger: Ledger;
  readonly source: Source;
  readonly items: readonly Item[];
  readonly run: number;
  /** Whether Redis has lost tag tokens: others may then not be able to use what one has stored. */
  hasLostTokens = false;
  private readonly calls: Call[] = [];

  constructor(
    readonly processes: Processes,
    flavours: readonly Flavour[],
  ) {
    const now = () => processes.clock.now();
    this.run = processes.nextRun();
    this.ledger = new Ledger(processes.all.length, now);
    this.source = new Source(this.ledger, now, processes.options.arePatient);
    this.items = flavours.flatMap((flavour) =>
      Array.from({ length: ITEMS_PER_CACHE }, (_, id) => {
        return { flavour, run: this.run, id, key: keyOf(flavour.name, this.run, id) };
      }),
    );
    processes.onHeard = () => this.noteDeliveries();
    for (const { engine } of processes.all) engine.problems.length = engine.reads.length = 0;
  }

  /** The item of that number, or of the remainder. */
  item(which: number): Item {
    return this.items[which % this.items.length]!;
  }

  /** All items of an item's cache. */
  siblings({ flavour }: Item): readonly Item[] {
    return this.items.filter((item) => item.flavour === flavour);
  }

  cacheOf({ caches }: Process, { flavour }: Item) {
    return caches.get(flavour.name)!;
  }

  /** What each call says beside the definition. */
  overridesFor({ flavour, run, id }: Item): Pick<CallOverrides<Value>, 'tags'> {
    return flavour.isTaggedByCall ? { tags: tagsOf(run, id) } : {};
  }

  /** Begins a call that reads items, and judges what it gives. */
  read(
    process: Process,
    how: string,
    { items, loads, loader, org }: Wanted,
    act: (load: (wanted: readonly ItemArgs[]) => Promise<readonly Value[]>, read: Read) => Promise<unknown[]>,
  ): Call {
    const what = `${process.name}.${how}(${items.map(({ key }) => key).join(', ')})`;
    const engine = this.processes.all.indexOf(process);
    const read = this.ledger.reading({ engine, what, isStoring: how !== 'getOrLoad without storing' });
    // Before it is over the others may hear of it.
    if (how === 'refresh') this.noteRefresh(items);
    const load = (wanted: readonly ItemArgs[]) => {
      const missing = wanted.map(([, id]) => items.find((item) => item.id === id)!);
      if (new Set(missing).size < missing.length) this.ledger.fault(`${what} loads an item twice`);
      return this.source.load(read, missing, loader, org);
    };
    return this.watch(
      process,
      what,
      act(load, read).then(
        (values) => {
          read.until = this.ledger.tick();
          for (const [i, value] of values.entries()) {
            if (value !== undefined || loads)
              this.judge(read, items[i % items.length]!, value, how === 'refresh');
          }
        },
        (error: unknown) => {
          read.until = this.ledger.tick();
          this.ledger.judgeFailure(read, items, error);
        },
      ),
    );
  }

  /** Begins an eviction, or a put, which is one, too. */
  evict(
    process: Process,
    fields: Pick<Eviction, 'what' | 'names' | 'covers' | 'endsLeases'>,
    act: () => Promise<unknown>,
    afterwards: () => void = () => undefined,
  ): Call {
    const what = `${process.name}.${fields.what}`;
    const by = this.processes.all.indexOf(process);
    const eviction = this.ledger.evicting({ ...fields, what, by });
    const acknowledged = () => {
      eviction.acknowledged = this.ledger.tick();
      this.ledger.holds(eviction, by);
      this.noteDeliveries();
      afterwards();
    };
    return this.watch(process, what, act().then(acknowledged));
  }

  /** Watches over any other call. */
  watch(process: Process, what: string, promise: Promise<unknown>): Call {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    promise.then(over, (error: unknown) => {
      over();
      this.ledger.fault(`${what} failed: ${String(error)}`);
    });
    const call = { what, process, isOver: () => isOver };
    this.calls.push(call);
    return call;
  }

  /** Lets a process and Redis talk until its call is over, or waits for something else, or for so many half rounds. */
  async goOn(call: Pick<Call, 'process' | 'isOver'> | undefined, halves: number): Promise<void> {
    for (let half = 0; half < halves; half += 1) {
      const line = call?.process.line;
      if (call === undefined || line === undefined || line.isSilent || call.isOver()) return;
      if (line.ways.some(({ kind }) => kind === 'answer')) line.answer();
      else await this.processes.carry(call.process);
      await this.processes.settle();
    }
  }

  /** Lets all that is under way between processes and Redis arrive. */
  async drain(): Promise<void> {
    await this.processes.settle();
    for (let round = 0; this.processes.all.some(({ line }) => line?.isIdle === false); round += 1) {
      if (round > MOST_ROUNDS) throw new Error('The engines never stop talking to Redis.');
      for (const process of this.processes.all) {
        await this.processes.carry(process);
        process.line?.answer();
        await this.processes.settle();
      }
      for (const { line } of this.processes.all) line?.hear();
      await this.processes.settle();
    }
  }

  /** Lets everything come to its end. */
  async quiesce(): Promise<void> {
    const { all } = this.processes;
    let idle = 0;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      await this.drain();
      await this.checkWaiters();
      const areOver = this.calls.every(({ isOver }) => isOver());
      const isDone = all.every(({ engine: { runtime } }) => runtime.engine.background.size === 0);
      if (areOver && isDone && this.source.waiting === 0) return;
      if (this.source.waiting > 0) this.source.answer(0, false);
      else if (this.ledger.lostLeases.length > 0) this.poll();
      // What goes on by itself may take a few turns of the event loop.
      else if ((idle += 1) > MOST_IDLE_ROUNDS) break;
    }
    const open = this.calls.filter(({ isOver }) => !isOver()).map(({ what }) => what);
    this.ledger.fault(`never comes to an end: ${open.join('; ') || 'background work'}`);
  }

  /**
   * Who waits must wait for a lease that is held: when one ends, a message wakes those who wait for it. Only one that
   * Redis has lost ends without a sign, and they have to look by themselves.
   */
  private async checkWaiters(): Promise<void> {
    const { lostLeases } = this.ledger;
    for (const key of this.processes.patience.waitedFor) {
      if (lostLeases.some(({ item }) => item.key === key) || (await this.processes.isLeased(key))) continue;
      this.ledger.fault(`somebody waits for the lease of ${key}, which nobody holds`);
    }
  }

  /** As if the time until everybody's next look had passed. */
  poll(): void {
    this.processes.wakeWaiters();
  }

  /** What Redis evicts under pressure, or what expires there. */
  async lose(which: number, what: 'lease' | 'entry' | 'tokens'): Promise<void> {
    const item = this.item(which);
    if (!(await this.processes.lose(item, what))) return;
    if (what === 'lease') this.ledger.lostLeases.push({ item, at: this.ledger.tick() });
    if (what === 'tokens') this.hasLostTokens = true;
  }

  /** When nobody else reads, an item is loaded once for all processes that share it. */
  checkLoads(since: number): void {
    for (const item of this.items) {
      const expected = item.flavour.isPerProcess ? this.processes.all.length : 1;
      const loads = this.ledger.loadsOf(item, since);
      if (loads === expected || (this.hasLostTokens && loads > expected)) continue;
      this.ledger.fault(`${item.key} was loaded ${loads} times in place of ${expected}`);
    }
  }

  /** Ends the run if something was noted that must not be. */
  throwFaults(): void {
    const { faults } = this.ledger;
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }

  /** Notes what must not be with engines that nobody uses any more. */
  inspectIdle(): void {
    for (const { name, engine } of this.processes.all) {
      const { reads, background } = engine.runtime.engine;
      if (reads.inFlight > 0) this.ledger.fault(`${name} has ${reads.inFlight} reads in flight`);
      if (background.size > 0) this.ledger.fault(`${name} has ${background.size} pieces of background work`);
      for (const { operation, error } of engine.problems) {
        if (!(error instanceof LoadFailure))
          this.ledger.fault(`${name} has a problem: ${operation} ${String(error)}`);
      }
    }
  }

  /** The others hear of it as of an eviction, which takes the leases in their memory away. */
  private noteRefresh(items: readonly Item[]): void {
    for (const item of items) {
      if (item.flavour.isPerProcess) this.ledger.lostLeases.push({ item, at: Infinity });
    }
  }

  private judge(read: Read, item: Item, value: unknown, isOwn: boolean): void {
    const version = this.ledger.judge(read, item, value);
    if (isOwn && version?.read !== read) this.ledger.fault(`${read.what} gave what another call loaded`);
    if (version !== undefined && !item.flavour.isShared) spoil(value as Value);
  }

  /** An eviction holds elsewhere when it was acknowledged, and no message about it is still to come. */
  private noteDeliveries(): void {
    for (const eviction of this.ledger.evictions) {
      if (eviction.acknowledged === undefined) continue;
      for (const [engine, { line }] of this.processes.all.entries()) {
        if (this.ledger.isHolding(eviction, engine) || line?.isToHearOf(eviction.names) === true) continue;
        this.ledger.holds(eviction, engine);
      }
    }
  }
}
