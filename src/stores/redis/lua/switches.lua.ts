import { LuaScript } from './lua-script.js';

/**
 * Purpose  Bring together what one instance knows of the switches and what is there: of two positions of one switch
 *          the later one stands. Tell the others when that changes something, and let the key live on.
 * KEYS     1 switches
 * ARGV     1 lifetime in ms, 2 bus channel, 3 message for the others, 4 number of switches that were turned just now;
 *          then for each switch, those first: name, time in ms since the epoch, 1 enabled | 0 disabled
 * Result   {all switches, SHA-1 of that}: a line for each, of name, time, and 1 or 0, with a space between
 *
 * What was turned just now is later than what is there, whatever the clocks say: it has come later. More than 1000
 * switches are not kept; the oldest go. A stranger's list or hash under the key's name is removed.
 */
export const switchesScript = new LuaScript(`
local text = redis.pcall('GET', KEYS[1])
if type(text) == 'table' then
  redis.call('UNLINK', KEYS[1])
  text = false
end
local names, at, on = {}, {}, {}
for name, time, position in string.gmatch(text or '', '(%S+) (%d+) ([01])\\n') do
  if not at[name] then names[#names + 1] = name end
  at[name], on[name] = tonumber(time), position
end
for i = 5, #ARGV, 3 do
  local name, time = ARGV[i], tonumber(ARGV[i + 1])
  if not at[name] then
    names[#names + 1] = name
    at[name] = -1
  elseif i < 5 + 3 * tonumber(ARGV[4]) then
    time = math.max(time, at[name] + 1)
  end
  if time > at[name] then at[name], on[name] = time, ARGV[i + 2] end
end
table.sort(names, function(a, b)
  if at[a] ~= at[b] then return at[a] > at[b] end
  return a < b
end)
local lines = {}
for i = 1, math.min(#names, 1000) do
  local name = names[i]
  lines[i] = string.format('%s %.0f %s\\n', name, at[name], on[name])
end
local merged = table.concat(lines)
if merged ~= (text or '') then
  redis.call('SET', KEYS[1], merged, 'PX', ARGV[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
elseif merged ~= '' then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
return {merged, redis.sha1hex(merged)}
`);
