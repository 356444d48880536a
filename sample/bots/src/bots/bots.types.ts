import type { Bot, BotStatus, Message } from '../database/schema.js';
import type { BotSettings } from './bot-settings.js';

export interface BotPageQuery {
  readonly orgId: string;
  /** From 1. */
  readonly page: number;
  /** Bots per page, 1 to 100. */
  readonly limit: number;
  /** Part of the name, trimmed, A to Z in lower case; `''` for all bots. */
  readonly search: string;
}

export interface BotPage {
  readonly items: readonly Bot[];
  readonly page: number;
  readonly limit: number;
  /** Bots on all pages. */
  readonly total: number;
}

/** All bots of an organization at a glance. */
export interface OrganizationBots {
  readonly orgId: string;
  readonly total: number;
  readonly byStatus: Readonly<Record<BotStatus, number>>;
  readonly bots: readonly Pick<Bot, 'id' | 'name' | 'status'>[];
}

export interface BotStatistics {
  readonly botId: string;
  readonly messages: number;
  /** Counts by direction and status; a combination that never occurred counts 0. */
  readonly counts: Readonly<Record<Message['direction'], Readonly<Record<Message['status'], number>>>>;
  /** Milliseconds; null while no message has a latency. */
  readonly latency: { readonly p50: number | null; readonly p95: number | null };
  /** The latest 30 days (UTC) that had messages, newest first. */
  readonly perDay: readonly DailyMessages[];
  readonly calculatedAt: Date;
}

export interface DailyMessages {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly messages: number;
}

/** How many messages a bot had. */
export interface BusyBot extends Pick<Bot, 'id' | 'name'> {
  readonly messages: number;
}

export interface BotDetails extends Bot {
  readonly statistics: BotStatistics;
}

export interface NewBot {
  readonly name: string;
  readonly description?: string;
  readonly settings?: BotSettings;
}

/** What is left out stays as it is. */
export type BotChanges = Partial<NewBot>;

export interface NewMessage {
  readonly direction: Message['direction'];
  readonly status: Message['status'];
  /** Milliseconds. */
  readonly latencyMs?: number;
}
