import { LuaScript } from './lua-script.js';

/** There is another entry, which is to be read by itself. */
export const UNREAD = -1;

/**
 * Purpose  Take the right to load and store keys, each unless somebody has it or has already stored. Who is refused
 *          leaves a mark on the lease, so that its end is announced.
 * KEYS     for each: entry, lease (all in one slot)
 * ARGV     1 how many bytes of entries to bring, the one with which they are more included; then for each: holder's
 *          token, lease time in ms, id of the entry that the caller has seen and can't use, or ''
 * Result   for each: 0 granted | an entry: there is another one | -1 there is another one, and enough are brought |
 *          ms that it is held for, at least 1 | an error: what Redis refused to do for this one
 *
 * A stranger's list or hash under either name is removed: nothing could be stored there, nor any lease be taken.
 * Bytes 4 to 11 (counted from 1) of an entry are its id, see the envelope. A lease is its holder's token, and a
 * `+` behind it when somebody waits; tokens hold no `+`.
 */
export const acquireScript = new LuaScript(`
local room = tonumber(ARGV[1])
local function isError(answer)
  return type(answer) == 'table' and answer.err
end
local function get(key)
  local value = redis.pcall('GET', key)
  if not isError(value) then return value end
  local unlinked = redis.pcall('UNLINK', key)
  return isError(unlinked) and unlinked
end
local function acquire(entryKey, leaseKey, token, ms, seen)
  local entry = get(entryKey)
  if isError(entry) then return entry end
  if entry and string.sub(entry, 4, 11) ~= seen then
    if room <= 0 then return ${UNREAD} end
    room = room - #entry
    return entry
  end
  local lease = get(leaseKey)
  if isError(lease) then return lease end
  if not lease then
    local set = redis.pcall('SET', leaseKey, token, 'PX', ms)
    return isError(set) and set or 0
  end
  if string.sub(lease, -1) ~= '+' then
    local appended = redis.pcall('APPEND', leaseKey, '+')
    if isError(appended) then return appended end
  end
  return math.max(redis.call('PTTL', leaseKey), 1)
end
local answers = {}
for i = 1, #KEYS / 2 do
  answers[i] = acquire(KEYS[2 * i - 1], KEYS[2 * i], ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1])
end
return answers
`);

/** Whether it is what the script may answer for one. */
export function isTaken(answer: unknown): answer is number | Buffer | Error {
  return typeof answer === 'number' || Buffer.isBuffer(answer) || answer instanceof Error;
}
