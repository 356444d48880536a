import { createHash } from 'node:crypto';
import type { Switched } from '../../engine/switches.js';
import type { SharedSwitches } from '../../resilience/switch-sync.js';
import { switchesScript } from './lua/switches.lua.js';
import type { RedisClient } from './redis-client.js';
import type { RedisKeys } from './redis-keys.js';

/** How long switches outlive the last instance of the namespace, milliseconds: 30 days. */
const LIFETIME_MS = 30 * 24 * 3_600_000;
const LINE = /^(\S+) (\d+) ([01])$/;

/** The switches of a namespace in Redis: one key, for all instances. */
export class RedisSwitches implements SharedSwitches {
  /** @param message what to tell the others when something changes */
  constructor(
    private readonly client: RedisClient,
    private readonly keys: RedisKeys,
    private readonly message: () => string,
  ) {}

  async merge(known: readonly Switched[], turnedNow: number): Promise<readonly Switched[]> {
    const { bus, switches } = this.keys;
    const reply = await switchesScript.run(
      this.client,
      [switches],
      [
        ...[LIFETIME_MS, bus, this.message(), turnedNow],
        ...known.flatMap(({ name, enabled, at }) => [name, at, enabled ? 1 : 0]),
      ],
    );
    return textIn(reply)
      .split('\n')
      .flatMap((line) => {
        const [, name = '', at, position] = LINE.exec(line) ?? [];
        return name === '' ? [] : [{ name, at: Number(at), enabled: position === '1' }];
      });
  }
}

/** What was garbled on its way would be told to all others as the truth. */
function textIn(reply: unknown): string {
  const [text, digest] = Array.isArray(reply) ? reply.map(String) : [];
  if (text !== undefined && digest === createHash('sha1').update(text).digest('hex')) return text;
  throw new TypeError('Redis answered something else than was asked for.');
}
