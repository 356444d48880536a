import type { CacheEvents } from './events.js';

/** What was said last of the caches of one name, while they were running. */
export interface Switched {
  /** Name of the cache. */
  readonly name: string;
  readonly enabled: boolean;
  /** When, milliseconds since the epoch. Of two that differ, the later one counts. */
  readonly at: number;
}

/** The switch of one cache name. Every cache of that name looks at the same one. */
export class CacheSwitch {
  /** Whether the cache is to be on; `undefined` as long as nobody has said so at run time. */
  position: boolean | undefined;
  /** When that was said, milliseconds since the epoch. */
  at = 0;

  constructor(readonly name: string) {}
}

/** The switches of all caches. Their positions win over what definitions and options say. */
export class Switches {
  private readonly byName = new Map<string, CacheSwitch>();

  constructor(private readonly events: CacheEvents) {}

  /** The switch of the caches of that name, whether there is one of them or not. */
  of(name: string): CacheSwitch {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    const made = new CacheSwitch(name);
    this.byName.set(name, made);
    return made;
  }

  /** All that have been turned at run time. */
  get turned(): readonly Switched[] {
    return [...this.byName.values()].flatMap(({ name, position: enabled, at }) =>
      enabled === undefined ? [] : [{ name, enabled, at }],
    );
  }

  /** Turns one here. That counts as later than all that is known of it, whatever the clock says. */
  turn(name: string, enabled: boolean, now: number): void {
    this.adopt({ name, enabled, at: Math.max(Math.floor(now), this.of(name).at + 1) });
  }

  /** Turns one to where others say that it is. */
  adopt({ name, enabled, at }: Switched): void {
    const its = this.of(name);
    const isNews = its.position !== enabled;
    its.position = enabled;
    its.at = at;
    if (isNews) this.events.switches.emit({ cache: name, enabled });
  }
}
