import { LuaScript } from './lua-script.js';

/**
 * Purpose  Take the right to load and store a key, unless somebody has it or has already stored. Who is refused
 *          leaves a mark on the lease, so that its end is announced.
 * KEYS     1 entry, 2 lease (same slot)
 * ARGV     1 holder's token, 2 lease time in ms, 3 id of the entry that the caller has seen and can't use, or ''
 * Result   {0} granted | {1, entry} there is another entry | {2, ms} held for that long
 *
 * A stranger's list or hash under the entry's name is removed: nothing could be stored there.
 * Bytes 4 to 11 (counted from 1) of an entry are its id, see the envelope. A lease is its holder's token, and a
 * `+` behind it when somebody waits; tokens hold no `+`.
 */
export const acquireScript = new LuaScript(`
local entry = redis.pcall('GET', KEYS[1])
if type(entry) == 'table' then
  redis.call('UNLINK', KEYS[1])
  entry = false
end
if entry and string.sub(entry, 4, 11) ~= ARGV[3] then return {1, entry} end
local lease = redis.call('GET', KEYS[2])
if not lease then
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  return {0}
end
if string.sub(lease, -1) ~= '+' then redis.call('APPEND', KEYS[2], '+') end
return {2, redis.call('PTTL', KEYS[2])}
`);
