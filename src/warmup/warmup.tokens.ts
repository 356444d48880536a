/** As all tokens, by name: an application may load the ESM and the CommonJS build side by side. */
export const WARMUP_PARTS: unique symbol = Symbol.for('nestjs-roost:warmup-parts');

/** How warmups wait; tests give their own. */
export const WARMUP_TIMING: unique symbol = Symbol.for('nestjs-roost:warmup-timing');
