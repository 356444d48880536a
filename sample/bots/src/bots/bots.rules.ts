import type { CacheRules } from 'nestjs-roost';

import { botStats } from './bots.caches.js';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'message.added': { readonly botId: string };
  }
}

/** What events of the application make obsolete. Who emits them knows of no cache. */
export const rules: CacheRules = {
  'message.added': ({ botId }) => [botStats.at(botId)],
};
