import type { RedisOptions } from 'ioredis';

const CONNECT_TIMEOUT_MS = 1000;
const DISCONNECT_TIMEOUT_MS = 300;
/** How much longer than the deadline a connection that owes answers may be silent. */
const SILENCE_MS = 200;

/**
 * Options of a connection to one Redis. Each value has its measured reason: without any one of them some fault makes
 * commands wait, or rise from the dead.
 *
 * @param deadline longest wait for an answer, milliseconds
 */
export function neverHang(namespace: string, deadline: number): RedisOptions {
  return {
    // The caller decides when to connect, and sees the first failure.
    lazyConnect: true,
    // A command either goes out now or fails now. Queued or resent, a timed-out SET would overwrite a fresher value.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // Bounds one command; the handshake, too, which connectTimeout does not cover.
    commandTimeout: deadline,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Bounds what piles up unwritten while Redis hangs: the socket is closed, and commands fail at once.
    socketTimeout: deadline + SILENCE_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    noDelay: true,
    enableReadyCheck: true,
    connectionName: `${namespace}:cache`,
    retryStrategy: retryDelay,
    // A master that became a replica: reconnect once (true); 2 would resend and loop.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

/** How long to wait before that attempt to connect again, milliseconds: doubled, and spread at random. */
export function retryDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2000) + Math.random() * 50;
}
