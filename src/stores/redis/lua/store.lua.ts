import { LuaScript } from './lua-script.js';

/**
 * Purpose  Store a loaded entry, if the lease still holds; end the lease, and tell those who wait for it. An
 *          eviction meanwhile has taken the lease away, so what was loaded before it can't come back.
 * KEYS     1 entry, 2 lease (same slot)
 * ARGV     1 holder's token, 2 entry, 3 lifetime in ms, 0 for ever, 4 bus channel, 5 message for those who wait
 * Result   1 stored | 0 fenced off
 */
export const storeScript = new LuaScript(`
local lease = redis.call('GET', KEYS[2])
if not lease or string.sub(lease, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
if #lease > #ARGV[1] then redis.call('PUBLISH', ARGV[4], ARGV[5]) end
return 1
`);
