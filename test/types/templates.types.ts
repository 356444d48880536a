/** What the compiler must accept and refuse of keys, tags, patterns and durations. Compiled, never run. */
import { digest } from '../../src/definition/digest.js';
import type { Duration, Lifetime } from '../../src/definition/duration.js';
import {
  key,
  pattern,
  tag,
  type CacheKey,
  type CachePattern,
  type CacheTag,
} from '../../src/definition/template.js';
import { unordered } from '../../src/definition/unordered.js';

declare const part: string | number | bigint | boolean | Date | null | undefined;
declare const bot: { readonly id: string };
declare const ids: string[];

export const keys: CacheKey[] = [
  key`characters:list`,
  key`bot:${part}:details`,
  key`compat:${unordered(part, part)}:${digest(bot)}`,
  key`chat:${unordered('a', 1, null)}`,
];
export const tags: CacheTag[] = [tag`bot:${part}`, tag`pair:${unordered('a', 'b')}`];
export const patterns: CachePattern[] = [pattern`bot:${part}*`];

/** Keys, tags and patterns are text to whoever only reads them. */
export const texts: string[] = [key`a`, tag`a`, pattern`a:*`.text, pattern`a:*`.prefix];

// @ts-expect-error an object has no text of its own
key`bot:${bot}`;
// @ts-expect-error nor has an array
key`bot:${ids}`;
// @ts-expect-error nor a function
key`bot:${() => 1}`;
// @ts-expect-error nor a symbol
key`bot:${Symbol('a')}`;
// @ts-expect-error nor a Map
tag`bot:${new Map()}`;
// @ts-expect-error nor a promise that somebody forgot to await
pattern`bot:${Promise.resolve('a')}`;
// @ts-expect-error a pattern is no part of a key
key`bot:${pattern`a:*`}`;
// @ts-expect-error a template, not a call
key('bot:1');

// @ts-expect-error a string is no key
export const keyOfText: CacheKey = 'bot:1';
// @ts-expect-error a template without a tag function neither
export const keyOfPlainTemplate: CacheKey = `bot:${bot.id}`;
// @ts-expect-error a tag is no key
export const keyOfTag: CacheKey = tag`bot:${1}`;
// @ts-expect-error a key is no tag
export const tagOfKey: CacheTag = key`bot:${1}`;
// @ts-expect-error a string is no pattern
export const patternOfText: CachePattern = 'bot:*';
// @ts-expect-error an object that looks like one neither
export const patternLookalike: CachePattern = { text: '', prefix: '', matches: () => true };
// @ts-expect-error a key is no pattern
export const patternOfKey: CachePattern = key`bot:1`;

// @ts-expect-error there is no order among fewer than two
unordered('a');
// @ts-expect-error an array may hold fewer than two
unordered(...ids);
// @ts-expect-error objects have no text
unordered('a', bot);
// @ts-expect-error one level is enough
unordered('a', unordered('b', 'c'));

export const durations: Duration[] = [0, 300_000, '250ms', '30s', '5m', '1.5h', '7d', '2w'];
export const lifetimes: Lifetime[] = [...durations, 'forever'];

// @ts-expect-error a text has a unit
export const bareNumber: Duration = '300';
// @ts-expect-error units are written short
export const longUnit: Duration = '5minutes';
// @ts-expect-error there are no years
export const years: Duration = '1y';
// @ts-expect-error a duration ends
export const forever: Duration = 'forever';
