import { LuaScript } from './lua-script.js';

/**
 * Purpose  End a lease without storing, if it still holds, and tell those who wait for it: one of them may load.
 * KEYS     1 lease
 * ARGV     1 holder's token, 2 bus channel, 3 message for those who wait
 * Result   1 ended | 0 was not held any more
 */
export const releaseScript = new LuaScript(`
local lease = redis.call('GET', KEYS[1])
if not lease or string.sub(lease, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
if #lease > #ARGV[1] then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return 1
`);
