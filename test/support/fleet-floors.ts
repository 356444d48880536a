import type { Violation } from './fleet-protocol.js';

interface Floor {
  readonly version: number;
  /** How it became known. */
  readonly after: string;
}

/** The oldest version of each item that may still be read in this process, and the reads that gave an older one. */
export class Floors {
  readonly violations: Violation[] = [];
  private readonly floors = new Map<string, Floor>();

  constructor(private readonly onViolation: () => void) {}

  /** From now on no read may begin that gives an older version. */
  raise(item: string, version: number, after: string): void {
    if (version > (this.floors.get(item)?.version ?? 0)) this.floors.set(item, { version, after });
  }

  /** Runs a read of items, and checks each version that it gives against what was known when it began. */
  async check(
    items: readonly string[],
    reader: string,
    read: () => Promise<readonly (number | undefined)[]>,
  ): Promise<void> {
    const floors = items.map((item) => this.floors.get(item));
    const versions = await read();
    for (const [i, item] of items.entries()) {
      const floor = floors[i];
      const got = versions[i];
      if (floor === undefined || got === undefined || got >= floor.version) continue;
      this.violations.push({ item, got, reader, atLeast: floor.version, after: floor.after });
      this.onViolation();
    }
  }
}
