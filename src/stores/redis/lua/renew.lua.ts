import { LuaScript } from './lua-script.js';

/**
 * Purpose  Give tags new tokens, which makes every entry that carries one of them unusable.
 * KEYS     tags (one slot)
 * ARGV     1 lifetime in ms; then for each key its new token
 * Result   1
 */
export const renewScript = new LuaScript(`
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end
return 1
`);
