import { LuaScript } from './lua-script.js';

/**
 * Purpose  Store loaded entries, each if its lease still holds; end the leases, and tell those who wait for them. An
 *          eviction meanwhile has taken the lease away, so what was loaded before it can't come back.
 * KEYS     for each: entry, lease (all in one slot)
 * ARGV     1 bus channel; then for each: holder's token, entry, lifetime in ms, 0 for ever, message for those who wait
 * Result   for each: 1 stored | 0 fenced off
 */
export const storeScript = new LuaScript(`
local function store(entryKey, leaseKey, token, entry, px, message)
  local lease = redis.pcall('GET', leaseKey)
  if type(lease) ~= 'string' or string.sub(lease, 1, #token) ~= token then return 0 end
  if px == '0' then redis.call('SET', entryKey, entry)
  else redis.call('SET', entryKey, entry, 'PX', px) end
  redis.call('DEL', leaseKey)
  if #lease > #token then redis.call('PUBLISH', ARGV[1], message) end
  return 1
end
local answers = {}
for i = 1, #KEYS / 2 do
  local at = 4 * i - 2
  answers[i] = store(KEYS[2 * i - 1], KEYS[2 * i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return answers
`);
