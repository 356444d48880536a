import type { Invalidation } from '../../src/engine/bus.js';
import type { EngineUnderTest } from './engine.js';

let barriers = 0;

/** Resolves when everything that `from` has announced so far has reached `to`. */
export async function delivered(from: EngineUnderTest, to: EngineUnderTest): Promise<void> {
  const key = `barrier:${(barriers += 1)}`;
  const { coherence } = to.runtime.engine;
  const arrived = new Promise<void>((resolve) => {
    const apply = coherence.invalidated.bind(coherence);
    coherence.invalidated = (invalidation: Invalidation) => {
      apply(invalidation);
      if (invalidation.keys?.includes(key) !== true) return;
      coherence.invalidated = apply;
      resolve();
    };
  });
  await from.runtime.redis!.bus.publish({ keys: [key] });
  await arrived;
}

/** Keeps from an engine what the others evict, until the returned function is called: a bus that lags. */
export function heldBack(to: EngineUnderTest): () => void {
  const { coherence } = to.runtime.engine;
  const apply = coherence.invalidated.bind(coherence);
  const kept: Invalidation[] = [];
  coherence.invalidated = (invalidation) => {
    kept.push(invalidation);
  };
  return () => {
    coherence.invalidated = apply;
    for (const invalidation of kept) apply(invalidation);
  };
}
