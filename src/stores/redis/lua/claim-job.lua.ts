import { LuaScript } from './lua-script.js';

/**
 * Purpose  Take the right to run a job, unless somebody has it or that run has been run.
 * KEYS     1 record, 2 lease (same slot)
 * ARGV     1 holder's token, 2 lease time in ms, 3 when the run is due in ms since the epoch, or '' for one that is
 *          wanted in any case, 4 ms within which runs are one and the same, 5 the present in ms since the epoch,
 *          6 ms to remember what has been run
 * Result   {0, begin in ms since the epoch} granted | {1, ms} held for that long | {2} another run is | {3} run already
 *
 * A record is three times with a space between: when the last run that was done had been due, when the last one that
 * was begun had been due, and when it was begun. A run that was begun and not done goes on from there. Who asks again
 * with the token that holds, since the first answer was lost, is granted it again. A stranger's list or hash under either name is removed.
 */
export const claimJobScript = new LuaScript(`
for _, key in ipairs(KEYS) do
  if type(redis.pcall('GET', key)) == 'table' then redis.call('UNLINK', key) end
end
local now, due, apart = tonumber(ARGV[5]), tonumber(ARGV[3]), tonumber(ARGV[4])
local done, begun, since = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%d+) (%d+)$')
done, begun, since = tonumber(done or 0), tonumber(begun or 0), tonumber(since or 0)
local isSame = due and begun > 0 and math.abs(due - begun) <= apart
if due and done > 0 and due - done <= apart then return {3} end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  if isSame then return {1, redis.call('PTTL', KEYS[2])} end
  return {2}
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if not due then return {0, ARGV[5]} end
if not isSame or begun == done then begun, since = due, now end
redis.call('SET', KEYS[1], string.format('%.0f %.0f %.0f', done, begun, since), 'PX', ARGV[6])
return {0, string.format('%.0f', since)}
`);
