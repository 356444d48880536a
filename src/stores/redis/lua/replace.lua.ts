import { LuaScript } from './lua-script.js';

/**
 * Purpose  Replace an entry by one with another lifetime, unless somebody else has replaced it meanwhile. Leases
 *          stay: a load under way is as good as before.
 * KEYS     1 entry
 * ARGV     1 id of the entry that was seen: its bytes 4 to 11, counted from 1, 2 entry, 3 lifetime in ms, 0 for ever
 * Result   1 replaced | 0 it is another one, or gone
 */
export const replaceScript = new LuaScript(`
if redis.call('GETRANGE', KEYS[1], 3, 10) ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
`);
