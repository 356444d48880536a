import { LuaScript } from './lua-script.js';

/**
 * Purpose  Let the right to run a job live on, if it still holds, and what is remembered of the job.
 * KEYS     1 record, 2 lease (same slot)
 * ARGV     1 holder's token, 2 lease time in ms, 3 ms to remember what has been run
 * Result   1 it holds | 0 it does not
 */
export const keepJobScript = new LuaScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);
