/** A lifetime as the scripts take it: whole milliseconds, at least one; 0 for ever. */
export function pxOf(lifetimeMs: number): number {
  return lifetimeMs === Infinity ? 0 : Math.max(1, Math.ceil(lifetimeMs));
}
