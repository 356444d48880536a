import type { Codec } from '../codec/codec.js';
import type { Entry } from './entry.js';
import type { Policy } from './policy.js';

type Reviving = Pick<Policy, 'revive'>;

/** The value of an entry, for one caller: decoded, and made what the definition's `revive` makes of it. */
export function valueIn({ payload }: Pick<Entry, 'payload'>, codec: Codec, policy: Reviving): unknown {
  return revived(codec.decode(payload), policy);
}

/** What the definition's `revive` makes of a value that was stored. */
export function revived(plain: unknown, { revive }: Reviving): unknown {
  return revive === undefined || plain === undefined || plain === null ? plain : revive(plain);
}
