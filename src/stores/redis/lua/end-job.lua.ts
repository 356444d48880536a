import { LuaScript } from './lua-script.js';

/**
 * Purpose  End the right to run a job, if it still holds, and remember that the run was done if it was.
 * KEYS     1 record, 2 lease (same slot)
 * ARGV     1 holder's token, 2 ms to remember what has been run, 3 1 done | 0 not done
 * Result   1 ended | 0 was not held any more
 */
export const endJobScript = new LuaScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if ARGV[3] ~= '1' then return 1 end
local begun, since = string.match(redis.call('GET', KEYS[1]) or '', '^%d+ (%d+) (%d+)$')
if begun then redis.call('SET', KEYS[1], begun .. ' ' .. begun .. ' ' .. since, 'PX', ARGV[2]) end
return 1
`);
