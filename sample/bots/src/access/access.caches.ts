import { defineCache, key } from 'nestjs-roost';

/** Who a user is. An unknown user is remembered, too, for half a minute at most: `nullTtl`. */
export const actingUser = defineCache({
  name: 'user',
  key: (userId: string) => key`user:${userId}`,
  ttl: '1h',
});

/** Which organization a bot belongs to. It never moves, so only its deletion evicts this. */
export const botOwner = defineCache({
  name: 'bot-owner',
  key: (botId: string) => key`bot:${botId}:owner`,
  ttl: '1h',
});
