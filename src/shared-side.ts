import type { CacheModuleOptions } from './cache.options.js';
import type { ResolvedOptions } from './cache.options.resolved.js';
import type { CacheEngine } from './engine/cache-engine.js';
import type { Clock } from './engine/clock.js';
import type { CacheEvents } from './engine/events.js';
import type { TagTokens } from './engine/tag-tokens.js';
import type { SharedStore } from './stores/store.js';

/** What all instances share, and how this one gets at it. */
export interface SharedSide {
  readonly guard: SharedStore;
  /** How long one call waits for it, milliseconds. */
  readonly deadline: number;
  readonly clock: Clock;
  /** What this process knows of the tags there. */
  readonly tags: TagTokens;
  /** Resolves when the first attempt to reach it is over. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** A cache was enabled or disabled here. */
  turned(name: string): Promise<void>;
}

export interface SharedSideParts {
  readonly options: ResolvedOptions;
  readonly onProblem: (operation: string, error: unknown) => void;
  /** The engine, which needs the shared side before it can be made itself. */
  readonly engine: () => CacheEngine;
}

/** Takes the place of what an application has around it, for tests. */
export interface TestSurroundings {
  /** The options in place of those that the application gives. */
  options(given: CacheModuleOptions): CacheModuleOptions;
  sharedSide(parts: SharedSideParts): SharedSide;
  /** Shown what it is about, before anything happens there. */
  observe(inside: { readonly engine: CacheEngine; readonly events: CacheEvents }): void;
}
