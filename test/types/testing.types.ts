/** What a test may expect of a cache. Compiled, never run. */
import type { CacheTester } from '../../src/testing/cache-tester.js';
import { bot, byId, detailed, ofBots, ofMaybe } from './support/caches.js';

export async function accepted(cache: CacheTester): Promise<void> {
  await cache.expectCached(ofBots.at('1'));
  await cache.expectCached(ofBots.at('1'), bot);
  await cache.expectCached(ofBots.at('1'), detailed);
  await cache.expectCached(ofMaybe.at('1'), null);
  // The definition names no type of values.
  await cache.expectCached(byId.at('1'), 'anything');
  cache.loadsOf(ofBots.all());
  await cache.expectEvicted(ofBots.all());
}

export async function refused(cache: CacheTester): Promise<void> {
  // @ts-expect-error another type of values
  await cache.expectCached(ofBots.at('1'), 'Ada');
  // @ts-expect-error a field is missing
  await cache.expectCached(ofBots.at('1'), { id: '1' });
  // @ts-expect-error no such value is ever stored
  await cache.expectCached(ofBots.at('1'), null);
  // @ts-expect-error one value
  await cache.expectCached(ofBots.at('1'), bot, bot);
  // @ts-expect-error the key takes one text
  await cache.expectCached(ofBots.at(1), bot);
}
