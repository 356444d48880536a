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
  /** Asked when somebody exports. Label values have to be of limited number, and no keys. */
  collect(): Iterable<{ readonly labels?: Readonly<Record<string, string>>; readonly value: number }>;
}

/** What features measure, for whoever exports it: they need not know each other. */
export class Measures {
  private readonly list = new Set<Measure>();
  private readonly watchers = new Set<(measure: Measure) => void>();

  /** Adds one and returns the function that removes it. */
  add(measure: Measure): () => void {
    this.list.add(measure);
    for (const tell of this.watchers) tell(measure);
    return () => this.list.delete(measure);
  }

  /** Those that there are now. */
  get all(): readonly Measure[] {
    return [...this.list];
  }

  /** Tells of each that there is and of each that comes, until the function is called that it returns. */
  follow(tell: (measure: Measure) => void): () => void {
    this.watchers.add(tell);
    for (const measure of this.list) tell(measure);
    return () => this.watchers.delete(tell);
  }
}
