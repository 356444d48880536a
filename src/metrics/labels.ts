/** What stands for the caches and warmups that have no label of their own. Neither can have this name. */
export const OTHER = '(other)';

/** Names as label values: a limited number, however many come and go. */
export class BoundedLabels {
  private readonly known = new Set<string>();

  constructor(private readonly most: number) {}

  of(name: string): string {
    if (this.known.has(name)) return name;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(name);
    return name;
  }
}

/** The name of an operation on Redis as a label value. */
export function operationLabel(operation: string): string {
  return operation.toLowerCase().replaceAll(' ', '_');
}
