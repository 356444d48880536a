import { LuaScript } from './lua-script.js';

/**
 * Purpose  End a lease without storing, if it still holds.
 * KEYS     1 lease
 * ARGV     1 holder's token
 * Result   1 ended | 0 was not held any more
 */
export const releaseScript = new LuaScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`);
