import type { KeepsEntry } from './entry.js';

/** Computes the value of an entry. */
export type Loader = () => unknown;

/** Who waits for a load. When nobody does, or does any more, it goes on only for what it stores. */
export interface Audience {
  hasLeft: boolean;
}

/** Of a load in the background. */
export const NOBODY: Audience = Object.freeze({ hasLeft: true });

/** What is special about a load. */
export interface HowToLoad {
  /** Load even if somebody else has just stored something; unless, where a function tells, that is to be kept. */
  readonly anew?: true | KeepsEntry;
  /** Somebody else is loading, and this load waits. */
  readonly onHeld?: () => void;
  /** What was loaded has been stored, or is not to be, or nothing was loaded. Not told of one that should have been. */
  readonly onEnd?: (ending: 'stored' | 'not wanted' | 'kept') => void;
  /** @default somebody who waits */
  readonly audience?: Audience;
  /** The loader waits for one call that loads many. */
  readonly isPart?: boolean;
}

/** A load that nobody waits for did not get its turn. */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError';
}
