import type { DeserializedData } from 'keyv';

const BINARY = ':base64:';

/**
 * Keyv's stored form: JSON, Buffers as `:base64:…`, strings that begin with a colon behind a second one.
 *
 * Keyv's own serializer calls `toJSON` without looking whether it is a function, so that caching a user's
 * `{"toJSON": 1}` throws. It also drops functions from arrays, which moves the elements behind them.
 *
 * @throws TypeError for what JSON cannot hold: a `bigint`, a circular reference.
 */
export function serialize<Value>(data: DeserializedData<Value>): string {
  return JSON.stringify(data, toStored);
}

/** Reads {@link serialize}'s form. `undefined`, which is a miss, for a text that is not one. */
export function deserialize<Value>(text: string): DeserializedData<Value> | undefined {
  try {
    return JSON.parse(text, fromStored) as DeserializedData<Value>;
  } catch {
    return undefined;
  }
}

function toStored(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  // `value` has been through Buffer's own toJSON by now.
  const original = this[key];
  if (Buffer.isBuffer(original)) return BINARY + original.toString('base64');
  return typeof value === 'string' && value.startsWith(':') ? `:${value}` : value;
}

function fromStored(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(':')) return value;
  return value.startsWith(BINARY) ? Buffer.from(value.slice(BINARY.length), 'base64') : value.slice(1);
}
