import { LuaScript } from './lua-script.js';

/**
 * Purpose  Take the right to load and store a key, unless somebody has it or has already stored.
 * KEYS     1 entry, 2 lease (same slot)
 * ARGV     1 holder's token, 2 lease time in ms, 3 id of the entry that the caller has seen and can't use, or ''
 * Result   {0} granted | {1, entry} there is another entry | {2, ms} held for that long
 *
 * Bytes 4 to 11 (counted from 1) of an entry are its id, see the envelope.
 */
export const acquireScript = new LuaScript(`
local entry = redis.call('GET', KEYS[1])
if entry and string.sub(entry, 4, 11) ~= ARGV[3] then return {1, entry} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {0} end
return {2, redis.call('PTTL', KEYS[2])}
`);
