import { LuaScript } from './lua-script.js';

/**
 * Purpose  Take the right to load and store keys, each unless somebody has it or has already stored. Who is refused
 *          leaves a mark on the lease, so that its end is announced.
 * KEYS     for each: entry, lease (all in one slot)
 * ARGV     for each: holder's token, lease time in ms, id of the entry that the caller has seen and can't use, or ''
 * Result   for each: 0 granted | an entry: there is another one | ms that it is held for, at least 1
 *
 * A stranger's list or hash under either name is removed: nothing could be stored there, nor any lease be taken.
 * Bytes 4 to 11 (counted from 1) of an entry are its id, see the envelope. A lease is its holder's token, and a
 * `+` behind it when somebody waits; tokens hold no `+`.
 */
export const acquireScript = new LuaScript(`
local function get(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then return value end
  redis.call('UNLINK', key)
  return false
end
local function acquire(entryKey, leaseKey, token, ms, seen)
  local entry = get(entryKey)
  if entry and string.sub(entry, 4, 11) ~= seen then return entry end
  local lease = get(leaseKey)
  if not lease then
    redis.call('SET', leaseKey, token, 'PX', ms)
    return 0
  end
  if string.sub(lease, -1) ~= '+' then redis.call('APPEND', leaseKey, '+') end
  return math.max(redis.call('PTTL', leaseKey), 1)
end
local answers = {}
for i = 1, #KEYS / 2 do
  answers[i] = acquire(KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i])
end
return answers
`);
