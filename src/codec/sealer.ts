import { CacheError } from '../errors.js';
import type { Entry } from '../engine/entry.js';
import { deflate, inflate } from './compression.js';
import { decrypt, encrypt } from './encryption.js';
import {
  joinEnvelope,
  NOTHING_DONE,
  readEnvelope,
  writeEnvelope,
  writeHeader,
  type Sealing,
} from './envelope.js';
import { invalidEntry } from './invalid-entry.js';
import type { KeyRing } from './key-ring.js';
import { followedBy } from './maybe-promise.js';

/** What a cache wants done to its payloads before they leave the process. */
export interface SealingRules {
  /** Payloads of that many bytes and more are compressed. */
  readonly compress: false | { readonly threshold: number };
  /** Whether they are encrypted. Then none that is not will be read. */
  readonly encrypt: boolean;
}

export interface SealerParts {
  /** `undefined`: nothing can be encrypted, and nothing that is can be read. */
  readonly keyRing: KeyRing | undefined;
  /** Most bytes of an entry, and of its payload before it is compressed. */
  readonly maxEntryBytes: number;
  /** The rules of a cache, by its name; `undefined` when there is no such cache. */
  readonly rulesOf: (cache: string) => SealingRules | undefined;
}

/** What compression must save at least for its result to be kept: each read pays for it. */
const MIN_SAVED_SHARE = 1 / 8;

/**
 * Turns entries into the bytes that lie in Redis, and back: compressed, then encrypted, as their caches want it.
 * Nothing is promised, but done at once, where it is little work.
 */
export class Sealer {
  constructor(private readonly parts: SealerParts) {}

  /**
   * @param name the full name of the entry in Redis. It is part of what is authenticated
   * @throws CacheError `CACHE_UNCACHEABLE_VALUE` when the entry is larger than `maxEntryBytes`
   */
  seal(entry: Entry, name: string): Buffer | Promise<Buffer> {
    const { payload, cache } = entry;
    this.checkSize(payload.length, cache);
    const compress = this.parts.rulesOf(cache)?.compress ?? false;
    if (compress === false || payload.length < compress.threshold)
      return this.wrap(entry, name, payload, NOTHING_DONE);
    return followedBy(deflate(payload), (deflated) => this.wrapDeflated(entry, name, deflated));
  }

  /**
   * Reads what {@link seal} wrote for `name`. Where nothing was compressed or encrypted, the payload lies in the
   * memory of `bytes`.
   *
   * @throws CacheError `CACHE_INVALID_ENTRY`, or rejects with it, for any other bytes
   */
  open(bytes: Buffer, name: string): Entry | Promise<Entry> {
    const { maxEntryBytes } = this.parts;
    if (bytes.length > maxEntryBytes) throw invalidEntry('it is larger than `maxEntryBytes`');
    const { entry, sealing, header } = readEnvelope(bytes, name);
    const { inflatedBytes, keyId } = sealing;
    if (keyId === undefined) this.checkPlain(entry.cache);
    if (sealing === NOTHING_DONE) return entry;
    if (inflatedBytes !== undefined && inflatedBytes > maxEntryBytes) {
      throw invalidEntry('its payload is larger than `maxEntryBytes`');
    }
    const deflated = keyId === undefined ? entry.payload : this.decrypt(entry.payload, keyId, header, name);
    if (inflatedBytes === undefined) return { ...entry, payload: deflated };
    return followedBy(inflate(deflated, inflatedBytes), (payload) => ({ ...entry, payload }));
  }

  private wrapDeflated(entry: Entry, name: string, deflated: Buffer): Buffer {
    const { length } = entry.payload;
    return deflated.length <= length * (1 - MIN_SAVED_SHARE)
      ? this.wrap(entry, name, deflated, { inflatedBytes: length })
      : this.wrap(entry, name, entry.payload, NOTHING_DONE);
  }

  private wrap(entry: Entry, name: string, body: Uint8Array, sealing: Sealing): Buffer {
    const bytes = this.parts.rulesOf(entry.cache)?.encrypt
      ? this.wrapEncrypted(entry, name, body, sealing)
      : writeEnvelope(entry, sealing, body, name);
    this.checkSize(bytes.length, entry.cache);
    return bytes;
  }

  private wrapEncrypted(entry: Entry, name: string, body: Uint8Array, sealing: Sealing): Buffer {
    const { id: keyId, key } = this.parts.keyRing?.current ?? noKeys(entry.cache);
    const header = writeHeader(entry, { ...sealing, keyId });
    return joinEnvelope(header, encrypt(body, key, contextOf(header, name)), name);
  }

  private decrypt(body: Buffer, keyId: string, header: Buffer, name: string): Buffer {
    const key = this.parts.keyRing?.find(keyId);
    if (key === undefined)
      throw invalidEntry('it is encrypted with a key that is not among `encryption.keys`');
    return decrypt(body, key, contextOf(header, name));
  }

  /** Whoever writes to Redis could else replace an encrypted entry by a plain one of their own making. */
  private checkPlain(cache: string): void {
    if (!this.parts.rulesOf(cache)?.encrypt) return;
    throw invalidEntry(`it is not encrypted, but cache \`${cache}\` is`);
  }

  private checkSize(bytes: number, cache: string): void {
    const { maxEntryBytes } = this.parts;
    if (bytes <= maxEntryBytes) return;
    throw new CacheError(
      'CACHE_UNCACHEABLE_VALUE',
      `Expected entries of cache \`${cache}\` to be at most \`maxEntryBytes\` = ${maxEntryBytes} bytes, got about ` +
        `${Number(bytes.toPrecision(2))}. Raise it, or cache less in one entry.`,
    );
  }
}

/** What an encrypted payload belongs to: its header, and where in Redis it lies. The header tells its own length. */
function contextOf(header: Uint8Array, name: string): Buffer {
  return Buffer.concat([header, Buffer.from(name)]);
}

/** The start of the application makes sure of it; to write in plain text what was to be encrypted is no way out. */
function noKeys(cache: string): never {
  throw new CacheError(
    'CACHE_INVALID_OPTION',
    `Expected \`encryption.keys\` of CacheModule to be set, since cache \`${cache}\` is encrypted, got none.`,
  );
}
