import { randomBytes } from 'node:crypto';
import { KeyRing } from '../codec/key-ring.js';
import { Sealer } from '../codec/sealer.js';
import { Gate } from '../resilience/gate.js';
import { GuardedStore } from '../resilience/guarded-store.js';
import type { SharedSide, SharedSideParts } from '../shared-side.js';
import { TagTokens } from '../engine/tag-tokens.js';
import type { Clock } from '../engine/clock.js';
import { StandInStore, type Mood } from './stand-in-store.js';

/** In place of Redis: a store in memory, behind the gate, the circuit breaker and the queue of the real one. */
export class StandIn implements SharedSide {
  readonly guard: GuardedStore;
  readonly clock: Clock;
  readonly tags: TagTokens;
  private readonly store: StandInStore;
  private readonly gate: Gate;

  constructor(
    private readonly parts: SharedSideParts,
    readonly deadline: number,
  ) {
    const { options, onProblem, engine } = parts;
    const { memory, clock, maxEntryBytes, keyRing = ownKeyRing() } = options;
    this.clock = clock;
    this.tags = TagTokens.forEntries(memory.maxEntries, clock);
    const sealer = new Sealer({ keyRing, maxEntryBytes, rulesOf: (cache) => engine().policyOf(cache) });
    const store = (this.store = new StandInStore({ clock, sealer, onProblem }));
    this.gate = new Gate({
      connection: { ready: true, doubt: () => undefined, probe: () => store.ping() },
      deadline,
      onBreaker: (state) => {
        if (state === 'closed') void this.guard.catchUp();
      },
    });
    this.guard = new GuardedStore({
      inner: store,
      // There is nobody else to be told.
      bus: { publish: () => store.ping() },
      gate: this.gate,
      onProblem,
      onReplayed: (what) => engine().coherence.invalidated(what),
    });
  }

  async open(): Promise<void> {
    this.parts.engine().coherence.armed();
    await this.guard.connected();
  }

  async close(): Promise<void> {
    this.store.become('fails');
    await this.guard.close(0);
    this.gate.close();
  }

  get mood(): Mood {
    return this.store.mood;
  }

  /** There is nobody else to be told. */
  async turned(): Promise<void> {
    return undefined;
  }

  /** Without its bus an instance does not use its memory either. */
  async become(mood: Mood): Promise<void> {
    const { coherence } = this.parts.engine();
    this.store.become(mood);
    if (mood !== 'works') return coherence.broken();
    this.gate.connected();
    await this.guard.connected();
    coherence.armed();
  }
}

/** Where the application has no Redis, it needs no keys to have its entries encrypted there. */
function ownKeyRing(): KeyRing {
  return KeyRing.of([{ id: 'stand-in', key: randomBytes(32) }], 'the keys of CacheTestingModule');
}
