import { LuaScript } from './lua-script.js';

/**
 * Purpose  Let a lease live on while its loader runs.
 * KEYS     1 lease
 * ARGV     1 holder's token, 2 lease time in ms, from now
 * Result   1 extended | 0 not held any more: evicted, or ended
 */
export const extendScript = new LuaScript(`
local lease = redis.call('GET', KEYS[1])
if not lease or string.sub(lease, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);
