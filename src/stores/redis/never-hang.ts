import type { RedisOptions } from 'ioredis';

const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 300;
const LOADING_RETRY_MS = 500;
const REFUSED_PAUSE_MS = 1000;
/** Longest wait for an answer while a connection is made, and the longest of all. */
const HANDSHAKE_TIMEOUT_MS = 1000;

/**
 * Options of a connection to one Redis. Each value has its measured reason: without any one of them some fault makes
 * commands wait, or rise from the dead.
 *
 * @param deadline longest wait for an operation, milliseconds
 */
export function neverHang(namespace: string, deadline: number): RedisOptions {
  return {
    // The caller decides when to connect, and sees the first failure.
    lazyConnect: true,
    // A command either goes out now or fails now. Queued or resent, a timed-out SET would overwrite a fresher value.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Bounds the handshake, which connectTimeout does not cover. Operations have a deadline of their own, which knows
    // of a blocked event loop: this one would be false then.
    commandTimeout: Math.max(HANDSHAKE_TIMEOUT_MS, 2 * deadline),
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    noDelay: true,
    enableReadyCheck: true,
    // While Redis loads its data it is asked again after that, and not when it guesses to be done, which may be late.
    maxLoadingRetryTime: LOADING_RETRY_MS,
    connectionName: `${namespace}:cache`,
    retryStrategy: retryDelay,
    // A master that became a replica: reconnect (true); 2 would resend and loop.
    reconnectOnError: onceInAWhile((error) => error.message.startsWith('READONLY')),
  };
}

/** Every command of every caller is refused: one of them is enough to connect again. */
function onceInAWhile(isReason: (error: Error) => boolean): (error: Error) => boolean {
  let last = -Infinity;
  return (error) => {
    if (!isReason(error) || performance.now() - last < REFUSED_PAUSE_MS) return false;
    last = performance.now();
    return true;
  };
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2000;

/**
 * How long to wait before that attempt to connect again, milliseconds: doubled each time, half of it at random, so that
 * the instances that have lost the same Redis do not come back all at once ("equal jitter", Brooker: Exponential Backoff
 * and Jitter, AWS 2015).
 */
export function retryDelay(attempt: number): number {
  const longest = Math.min(FIRST_DELAY_MS * 2 ** (attempt - 1), LONGEST_DELAY_MS);
  return longest * (0.5 + Math.random() / 2);
}
