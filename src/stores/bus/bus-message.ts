import { isPattern } from '../../definition/pattern.js';
import type { Invalidation } from '../../engine/bus.js';
import type { LoadEnding } from '../../engine/load-waiters.js';

/** One message of the bus: what was evicted, that a load has ended, or that a switch was turned. */
export type BusMessage =
  | {
      readonly kind: 'invalidation';
      readonly from: string;
      readonly number: number;
      readonly what: Invalidation;
    }
  | {
      readonly kind: 'load ended';
      readonly from: string;
      readonly key: string;
      readonly ending: LoadEnding;
    }
  | { readonly kind: 'switched'; readonly from: string };

/** Longer ones are not from us. */
const LONGEST_MESSAGE = 1_000_000;

/**
 * `i` instance, `n` number, `k` keys, `t` tags, `p` patterns, `e` key whose load has ended, `u` with nothing stored,
 * `s` a switch was turned.
 */
interface Wire {
  readonly i: string;
  readonly n?: number;
  readonly k?: readonly string[];
  readonly t?: readonly string[];
  readonly p?: readonly string[];
  readonly e?: string;
  readonly u?: 1;
  readonly s?: 1;
}

export function encodeInvalidation(
  from: string,
  number: number,
  { keys, tags, patterns }: Invalidation,
): string {
  const wire: Wire = {
    i: from,
    n: number,
    ...(keys?.length && { k: keys }),
    ...(tags?.length && { t: tags }),
    ...(patterns?.length && { p: patterns }),
  };
  return JSON.stringify(wire);
}

export function encodeLoadEnded(from: string, key: string, ending: LoadEnding): string {
  const wire: Wire = ending === 'unstored' ? { i: from, e: key, u: 1 } : { i: from, e: key };
  return JSON.stringify(wire);
}

/** Which switch, and where it is now, is in Redis. */
export function encodeSwitched(from: string): string {
  return JSON.stringify({ i: from, s: 1 } satisfies Wire);
}

/** Reads a message; `undefined` for what is none. */
export function decodeMessage(text: string): BusMessage | undefined {
  const wire = text.length <= LONGEST_MESSAGE ? parse(text) : undefined;
  if (wire === undefined) return undefined;
  const { i: from, n: number, k: keys = [], t: tags = [], p: patterns = [], e: key, u, s } = wire;
  if (typeof from !== 'string') return undefined;
  if (s === 1) return { kind: 'switched', from };
  if (typeof key === 'string')
    return { kind: 'load ended', from, key, ending: u === 1 ? 'unstored' : 'over' };
  if (!Number.isSafeInteger(number) || ![keys, tags, patterns].every(isTexts)) return undefined;
  // A later version may know patterns that this one does not.
  if (!patterns.every(isPattern)) return undefined;
  return { kind: 'invalidation', from, number: number as number, what: { keys, tags, patterns } };
}

function parse(text: string): Partial<Wire> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    // A stranger's message on our channel: not ours to understand.
    return undefined;
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
