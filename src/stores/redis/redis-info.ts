import { isRefused } from '../../resilience/gate.js';
import type { RedisNode } from './redis-client.js';

/** The numbers and texts of one or more replies to INFO, by their names. */
export type Info = ReadonlyMap<string, string>;

/**
 * All these sections of INFO in one map: their names do not meet. What the node won't tell is left out, such as to a user
 * that must not ask; some services know no INFO at all.
 */
export async function infoOf(node: RedisNode, sections: readonly string[]): Promise<Info> {
  const answers = await Promise.all(
    sections.map((section) =>
      node.info(section).catch((error: unknown) => {
        if (!isRefused(error)) throw error;
        return '';
      }),
    ),
  );
  return parseInfo(answers.join('\n'));
}

/** Reads what INFO answers: lines of `name:value`, and headings. */
export function parseInfo(text: string): Info {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return fields;
}

/** A number of INFO; `undefined` for what is none. */
export function numberIn(info: Info, name: string): number | undefined {
  const value = Number(info.get(name) || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** One of the fields `name=number` that a line of INFO has, such as `keys=3,expires=2`. */
export function partOf(line: string | undefined, name: string): number | undefined {
  const text = line?.split(',').find((part) => part.startsWith(`${name}=`));
  const value = Number(text?.slice(name.length + 1) || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}
