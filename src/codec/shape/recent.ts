/** Those of many things that were asked for last: as many as cost so much, or twice that. */
export class Recent<Key, Value extends { readonly cost: number }> {
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();
  private cost = 0;

  constructor(private readonly mostCost: number) {}

  get(key: Key): Value | undefined {
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const old = this.old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (this.cost >= this.mostCost) {
      this.old = this.young;
      this.young = new Map();
      this.cost = 0;
    }
    this.young.set(key, value);
    this.cost += value.cost;
  }
}
