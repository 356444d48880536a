import { LuaScript } from './lua-script.js';

/** What the script answers for one. */
export type StoreAnswer = number | readonly [Error];

/**
 * Purpose  Store loaded entries, each if its lease still holds; end the leases, and tell those who wait for them. An
 *          eviction meanwhile has taken the lease away, so what was loaded before it can't come back.
 * KEYS     for each: entry, lease (all in one slot)
 * ARGV     1 bus channel; then for each: holder's token, entry, lifetime in ms, 0 for ever, message for those who wait
 * Result   for each: 1 stored | 0 fenced off | an error: what Redis refused to do for this one |
 *          {an error}: stored, but Redis refused to tell who waits
 */
export const storeScript = new LuaScript(`
local function isError(answer)
  return type(answer) == 'table' and answer.err
end
local function store(entryKey, leaseKey, token, entry, px, message)
  local lease = redis.pcall('GET', leaseKey)
  if type(lease) ~= 'string' or string.sub(lease, 1, #token) ~= token then return 0 end
  local set
  if px == '0' then set = redis.pcall('SET', entryKey, entry)
  else set = redis.pcall('SET', entryKey, entry, 'PX', px) end
  if isError(set) then return set end
  local ended = redis.pcall('DEL', leaseKey)
  if isError(ended) then return ended end
  if #lease > #token then
    local told = redis.pcall('PUBLISH', ARGV[1], message)
    if isError(told) then return {told} end
  end
  return 1
end
local answers = {}
for i = 1, #KEYS / 2 do
  local at = 4 * i - 2
  answers[i] = store(KEYS[2 * i - 1], KEYS[2 * i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return answers
`);

/** Whether it is what the script may answer for one. */
export function isStoreAnswer(answer: unknown): answer is StoreAnswer | Error {
  return (
    typeof answer === 'number' ||
    answer instanceof Error ||
    (Array.isArray(answer) && answer[0] instanceof Error)
  );
}
