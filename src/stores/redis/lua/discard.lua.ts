import { LuaScript } from './lua-script.js';

/**
 * Purpose  Remove an unusable entry, unless it has been replaced meanwhile.
 * KEYS     1 entry
 * ARGV     1 id of the entry that was seen: its bytes 4 to 11, counted from 1
 * Result   1 removed | 0 replaced or gone
 */
export const discardScript = new LuaScript(`
local entry = redis.call('GETRANGE', KEYS[1], 3, 10)
if entry ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])
`);
