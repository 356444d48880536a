import { Inject, Injectable } from '@nestjs/common';
import type { CacheRuntime } from '../cache.runtime.js';
import type { CacheWarmupEvent } from '../engine/events.js';
import type { WarmupOrchestrator } from './warmup.orchestrator.js';
import type { WarmupRegistry, WarmupResult, WarmupStatus } from './warmup.registry.js';
import { WARMUP_PARTS } from './warmup.tokens.js';

/** What works behind the facade. */
export interface WarmupParts {
  readonly orchestrator: WarmupOrchestrator;
  readonly registry: WarmupRegistry;
  readonly events: CacheRuntime['events'];
}

/** The warmups of the application: how they stand, and runs by hand. */
@Injectable()
export class WarmupService {
  constructor(@Inject(WARMUP_PARTS) private readonly parts: WarmupParts) {}

  /** How it stands with all warmups, in this instance. */
  status(): readonly WarmupStatus[] {
    return this.parts.registry.all.map(({ status }) => status);
  }

  /**
   * Runs a warmup now, whenever it has run last; one that is under way in this instance is joined. Resolves when it is
   * over, or when another instance runs it (`skipped`). Never rejects once it has begun.
   *
   * @param payload for one that runs on an event: what the event would carry
   * @throws CacheError `CACHE_INVALID_USE` when there is none with that name
   */
  async run(name: string, payload?: unknown): Promise<WarmupResult> {
    const { registry, orchestrator } = this.parts;
    return orchestrator.runByHand(registry.get(name), payload);
  }

  /** Calls the listener when a run begins, moves on, ends, or is skipped. Returns the function that ends that. */
  subscribe(listener: (event: CacheWarmupEvent) => void): () => void {
    return this.parts.events.warmups.subscribe(listener);
  }
}
