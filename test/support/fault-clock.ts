const ORIGIN = performance.timeOrigin;
const dateNow = Date.now.bind(Date);

/** The right time, in milliseconds since the epoch, however wrong this process's clock has been made. */
export function epochMs(): number {
  return ORIGIN + performance.now();
}

/** Makes this process's clock wrong: by that much, milliseconds, for whoever looks at it from now on. */
export function shiftClock(offsetMs: number): void {
  Date.now = () => dateNow() + offsetMs;
  Object.defineProperty(performance, 'timeOrigin', { value: ORIGIN + offsetMs, configurable: true });
}
