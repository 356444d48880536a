import { defineCache, key, tag, type CacheTag } from 'nestjs-roost';

import type { Bot } from '../database/schema.js';
import type { BotPageQuery } from './bots.types.js';

/** What a bot says of itself: evicted by every change of it. */
export const botTag = (botId: string): CacheTag => tag`bot:${botId}`;

/** What is computed from a bot's messages: evicted by a new message and by a start or stop, not by a new name. */
export const botStatsTag = (botId: string): CacheTag => tag`bot:${botId}:stats`;

/** Everything that lists an organization's bots: evicted when one comes, goes or changes. */
export const orgBotsTag = (orgId: string): CacheTag => tag`org:${orgId}:bots`;

/** All that a start or a stop changes. */
export const statusTags = (bot: Bot): CacheTag[] => [
  botTag(bot.id),
  botStatsTag(bot.id),
  orgBotsTag(bot.orgId),
];

export const botEntity = defineCache({
  name: 'bot',
  key: (botId: string) => key`bot:${botId}`,
  ttl: '300s',
  tags: (botId) => [botTag(botId)],
});

/** A new message leaves the details as they are: their statistics may be five minutes old, `bot-stats` has the latest. */
export const botDetails = defineCache({
  name: 'bot-details',
  key: (botId: string) => key`bot:${botId}:details`,
  ttl: '300s',
  tags: (botId) => [botTag(botId)],
});

export const botStats = defineCache({
  name: 'bot-stats',
  key: (botId: string) => key`bot:${botId}:stats`,
  ttl: '60s',
  tags: (botId) => [botStatsTag(botId)],
});

export const botList = defineCache({
  name: 'bot-list',
  key: ({ orgId, page, limit, search }: BotPageQuery) =>
    key`bots:org:${orgId}:page:${page}:limit:${limit}:search:${search}`,
  ttl: '180s',
  tags: ({ orgId }) => [orgBotsTag(orgId)],
});

export const orgBots = defineCache({
  name: 'org-bots',
  key: (orgId: string) => key`org:${orgId}:bots`,
  ttl: '600s',
  tags: (orgId) => [orgBotsTag(orgId)],
});
