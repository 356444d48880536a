import { LuaScript } from './lua-script.js';

/**
 * Purpose  Take the lease whoever has it, to put an entry; and remove what is there, which is older than what is about
 *          to be put. No load that began before can store, nor can this put itself, once something else has been put or
 *          evicted: however late its commands come.
 * KEYS     1 entry, 2 lease (same slot)
 * ARGV     1 holder's token, 2 lease time in ms
 * Result   1
 */
export const seizeScript = new LuaScript(`
redis.call('UNLINK', KEYS[1])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
`);
