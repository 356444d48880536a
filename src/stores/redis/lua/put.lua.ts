import { LuaScript } from './lua-script.js';

/**
 * Purpose  Store an entry whoever is loading, and take the lease away, so that no load that began before can
 *          overwrite it.
 * KEYS     1 entry, 2 lease (same slot)
 * ARGV     1 entry, 2 lifetime in ms, 0 for ever
 * Result   1
 */
export const putScript = new LuaScript(`
if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1])
else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
redis.call('DEL', KEYS[2])
return 1
`);
