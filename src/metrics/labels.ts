/** What stands for the caches that have no label of their own. */
export const OTHER = 'other';

/** Names of caches as label values: a limited number, however many caches come and go. */
export class CacheLabels {
  private readonly known = new Set<string>();

  constructor(private readonly most: number) {}

  of(cache: string): string {
    if (this.known.has(cache)) return cache;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(cache);
    return cache;
  }
}

/** The name of an operation on Redis as a label value. */
export function operationLabel(operation: string): string {
  return operation.toLowerCase().replaceAll(' ', '_');
}
