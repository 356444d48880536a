/** Copies what lies under one key to many others, inside the server: a real entry by the hundred thousand in a second. */
const SCRIPT = `
local value = redis.call('GET', KEYS[1])
for i = ARGV[2], ARGV[3] do
  redis.call('SET', ARGV[1] .. i, value, 'PX', 600000)
end`;
const STEP = 10_000;

/** Makes the keys `<prefix><first>` to `<prefix><last>`. */
export async function copyEntry(redis, source, prefix, first, last) {
  for (let from = first; from <= last; from += STEP) {
    await redis.eval(SCRIPT, 1, source, prefix, from, Math.min(from + STEP - 1, last));
  }
}
