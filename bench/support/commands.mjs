import { Redis } from 'ioredis';

/**
 * Counts the commands that a piece of work sends to Redis, as MONITOR sees them: those that a script runs inside the
 * server are not sent. Only commands that name the prefix count.
 *
 * @returns { total, byName }
 */
export async function countCommands(bench, prefix, work) {
  const redis = new Redis(bench.server.url);
  const monitor = await redis.monitor();
  const byName = {};
  const end = `end of counting ${performance.now()}`;
  const ended = new Promise((resolve) => {
    monitor.on('monitor', (_time, [name, ...args], source) => {
      if (name.toLowerCase() === 'echo' && args[0] === end) {
        monitor.removeAllListeners('monitor');
        resolve();
      }
      if (source === 'lua' || !args.some((arg) => namesPrefix(arg, prefix))) return;
      byName[name.toLowerCase()] = (byName[name.toLowerCase()] ?? 0) + 1;
    });
  });
  try {
    await work();
    await bench.control.echo(end);
    await ended;
  } finally {
    monitor.disconnect();
    redis.disconnect();
  }
  return { total: Object.values(byName).reduce((sum, count) => sum + count, 0), byName };
}

function namesPrefix(arg, prefix) {
  return new RegExp(`(^|[^a-z0-9])${prefix}($|[^a-z0-9])`).test(arg);
}

/** `get 1.00, set 0.50`: commands per operation. */
export function describeCommands({ byName }, operations) {
  return Object.entries(byName)
    .filter(([, count]) => count / operations >= 0.01)
    .map(([name, count]) => `${name} ${+(count / operations).toFixed(2)}`)
    .join(', ');
}
