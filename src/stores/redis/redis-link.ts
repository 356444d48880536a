import { within } from '../../resilience/within.js';
import type { RedisClient, RedisNode } from './redis-client.js';

/** What a link tells over time. It may say the same thing twice. */
export interface LinkListener {
  /** Commands can be sent. */
  up(): void;
  /** Commands can't be sent until `up`. */
  down(error?: Error): void;
}

/** The way to one Redis, or to a cluster. It connects again by itself, for ever. */
export interface RedisLink {
  readonly client: RedisClient;
  /** What it leads to, safe to print: kind and addresses, no user, no password. */
  readonly name: string;
  /** The name, and all else that tells one from another. */
  readonly description: string;
  /** Whether commands can be sent right now. */
  readonly ready: boolean;
  /** Tries to connect; rejects when that fails. */
  open(): Promise<void>;
  /** A connection for subscriptions, not opened yet. It is the caller's to close. */
  subscriber(): RedisNode;
  /**
   * Says goodbye to Redis, or hangs up when that takes longer than the deadline. The application's own client is left
   * as it is.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Ends a client of ours for good, which must be one that keeps connecting: between two attempts it is ended, too. */
export async function hangUp(client: RedisClient, ready: boolean, deadlineMs: number): Promise<void> {
  if (ready) await within(deadlineMs, client.quit());
  client.disconnect();
}
