import { LuaScript } from './lua-script.js';

/**
 * Purpose  Read the tokens of tags; make those that are missing; see that all live as long as the entries that
 *          are about to carry them.
 * KEYS     tags (one slot)
 * ARGV     1 least lifetime in ms, 0 for ever; then for each key a random token in case it is missing
 * Result   the tokens, in the order of the keys
 *
 * A token lives twice as long as asked when it is made or prolonged, so that most calls find nothing to prolong.
 */
export const tokensScript = new LuaScript(`
local least = tonumber(ARGV[1])
local tokens = {}
for i, key in ipairs(KEYS) do
  local token = redis.call('GET', key)
  if not token then
    token = ARGV[i + 1]
    if least == 0 then redis.call('SET', key, token)
    else redis.call('SET', key, token, 'PX', least * 2) end
  else
    local left = redis.call('PTTL', key)
    if left >= 0 then
      if least == 0 then redis.call('PERSIST', key)
      elseif left < least then redis.call('PEXPIRE', key, least * 2) end
    end
  end
  tokens[i] = token
end
return tokens
`);
