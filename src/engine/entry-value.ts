import type { Codec } from '../codec/codec.js';
import type { Entry } from './entry.js';
import type { Policy } from './policy.js';

/** The value of an entry, for one caller: decoded, and made what the definition's `revive` makes of it. */
export function valueIn(
  { payload }: Pick<Entry, 'payload'>,
  codec: Codec,
  { revive }: Pick<Policy, 'revive'>,
): unknown {
  const plain = codec.decode(payload);
  return revive === undefined || plain === undefined || plain === null ? plain : revive(plain);
}
