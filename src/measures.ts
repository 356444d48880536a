/** A number that a feature wants to be exported, such as to Prometheus. */
export interface Measure {
  /** Without the exporter's prefix, in words joined by `_`, with its unit: `warmup_items_total`. */
  readonly name: string;
  /** What it tells, in a sentence. */
  readonly help: string;
  /** A counter only grows; its name ends in `_total`. */
  readonly type: 'counter' | 'gauge';
  /** Names of its labels. @default none */
  readonly labels?: readonly string[];
  /** How gauges of several applications in one registry become one: a state is that of the worst. @default 'sum' */
  readonly combine?: 'sum' | 'min' | 'max';
  /** Asked when somebody exports. Label values have to be of limited number, and no keys. */
  collect(): Iterable<{ readonly labels?: Readonly<Record<string, string>>; readonly value: number }>;
}

/** Whoever exports measures. */
export interface MeasureWatcher {
  added(measure: Measure): void;
  /** It can still be asked, for the last time. */
  removed(measure: Measure): void;
}

/** What features measure, for whoever exports it: they need not know each other. */
export class Measures {
  private readonly list = new Set<Measure>();
  private readonly watchers = new Set<MeasureWatcher>();

  /** Adds one and returns the function that removes it. */
  add(measure: Measure): () => void {
    this.list.add(measure);
    for (const watcher of this.watchers) watcher.added(measure);
    return () => {
      if (!this.list.delete(measure)) return;
      for (const watcher of this.watchers) watcher.removed(measure);
    };
  }

  /** Those that there are now. */
  get all(): readonly Measure[] {
    return [...this.list];
  }

  /** Tells of each that there is, that comes and that goes, until the function is called that it returns. */
  follow(watcher: MeasureWatcher): () => void {
    this.watchers.add(watcher);
    for (const measure of this.list) watcher.added(measure);
    return () => this.watchers.delete(watcher);
  }
}
