import type { RedisStatus } from '../cache.redis.js';
import type { Statistics } from '../cache.statistics.js';

/** What is not as it should be, in words for whoever reads a health report. */
export function degradationsOf(
  status: RedisStatus | undefined,
  caches: Statistics['caches'],
): readonly string[] {
  const disabled = Object.entries(caches).filter(([, { enabled }]) => !enabled);
  return [
    ...(status === undefined ? [] : ofRedis(status)),
    ...(disabled.length === 0 ? [] : [`disabled: ${disabled.map(([name]) => name).join(', ')}`]),
  ];
}

function ofRedis({ connection, breaker, bus, queuedEvictions }: RedisStatus): readonly string[] {
  const found: string[] = [];
  if (connection.state === 'lost') found.push(`no connection to Redis since ${time(connection.since)}`);
  if (breaker.state !== 'closed')
    found.push(`Redis is not asked: the breaker is ${breaker.state}, since ${time(breaker.since)}`);
  if (bus.state === 'broken') {
    found.push(`memory is off: other instances can't be heard since ${time(bus.since)}`);
  }
  if (queuedEvictions > 0) found.push(`evictions that wait for Redis: ${queuedEvictions}`);
  return found;
}

function time(since: number): string {
  return new Date(since).toISOString();
}
