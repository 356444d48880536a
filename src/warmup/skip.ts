import type { WarmupResult } from './warmup.registry.js';

/** The result of a run that is not even tried. */
export function skip(trigger: WarmupResult['trigger'], reason: string): WarmupResult {
  const nothing = { startedAt: Date.now(), duration: 0, done: 0, failed: 0, total: undefined };
  return { outcome: 'skipped', trigger, reason, ...nothing };
}
