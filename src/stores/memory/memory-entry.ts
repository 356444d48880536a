import type { Codec } from '../../codec/codec.js';
import type { Entry } from '../../engine/entry.js';
import { KeptValue } from '../../engine/kept-value.js';
import type { Resident } from '../near-store.js';
import type { Origin } from './origins.js';

/** An entry in memory. What it has in common with others is theirs, too: of small values there are many. */
export class MemoryEntry implements Resident {
  readonly id: string;
  readonly createdAt: number;
  readonly freshUntil: number;
  readonly loadCost: number;
  readonly value: KeptValue;
  /** Mostly 0, which takes no memory, as a time does. */
  private readonly staleFor: number;
  private readonly errorFor: number;

  /** @param isElsewhere whether there is a store behind this memory that has the entry, too */
  constructor(
    entry: Entry,
    readonly origin: Origin,
    readonly until: number,
    isElsewhere: boolean,
    codec: Codec,
  ) {
    this.id = entry.id;
    this.createdAt = entry.createdAt;
    this.freshUntil = entry.freshUntil;
    this.staleFor = windowOf(entry.freshUntil, entry.staleUntil);
    this.errorFor = windowOf(entry.freshUntil, entry.errorUntil);
    this.loadCost = entry.loadCost;
    this.value = new KeptValue(entry.payload, isElsewhere, codec);
  }

  get staleUntil(): number {
    return this.freshUntil + this.staleFor;
  }

  get errorUntil(): number {
    return this.freshUntil + this.errorFor;
  }

  get cache(): string {
    return this.origin.cache;
  }

  get version(): string {
    return this.origin.version;
  }

  get tags(): readonly string[] {
    return this.origin.tags;
  }

  get tokens(): readonly string[] {
    return this.origin.tokens;
  }

  get hasCurrentTags(): boolean {
    const { tokens, tagStates } = this.origin;
    for (let i = 0; i < tagStates.length; i++) if (tagStates[i]!.token !== tokens[i]) return false;
    return true;
  }

  /** As any store has it; `undefined` where its bytes were not kept. */
  get entry(): Entry | undefined {
    const { payload } = this.value;
    if (payload === undefined) return undefined;
    const { id, cache, version, createdAt, freshUntil, staleUntil, errorUntil, loadCost, tags, tokens } =
      this;
    const times = { createdAt, freshUntil, staleUntil, errorUntil };
    return { id, cache, version, ...times, loadCost, tags, tokens, payload };
  }
}

/** Between two that are both `Infinity` there is nothing. */
function windowOf(from: number, until: number): number {
  return until === from ? 0 : until - from;
}
