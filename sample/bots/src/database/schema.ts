import { customType, index, integer, jsonb, pgSchema, text, timestamp } from 'drizzle-orm/pg-core';

import type { BotSettings } from '../bots/bot-settings.js';

/** A schema of its own, so that `DATABASE_URL` may point at a database that holds other things. */
export const sample = pgSchema('bots_sample');

/** Ids are opaque text to the application; in the database a number is smaller and faster to join. */
const serialId = customType<{ data: string; driverData: string | number; notNull: true; default: true }>({
  dataType: () => 'serial',
  fromDriver: String,
});
const idReference = customType<{ data: string; driverData: string | number }>({
  dataType: () => 'integer',
  fromDriver: String,
});

export const botStatus = sample.enum('bot_status', ['active', 'inactive']);
export const messageDirection = sample.enum('message_direction', ['inbound', 'outbound']);
export const messageStatus = sample.enum('message_status', ['delivered', 'failed', 'pending']);

export const organizations = sample.table('organizations', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
});

export const users = sample.table('users', {
  id: text('id').primaryKey(),
  orgId: text('org_id')
    .notNull()
    .references(() => organizations.id),
  name: text('name').notNull(),
});

export const bots = sample.table(
  'bots',
  {
    id: serialId('id').primaryKey(),
    orgId: text('org_id')
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    status: botStatus('status').notNull().default('inactive'),
    settings: jsonb('settings').$type<BotSettings>().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** The user who made the last change. */
    updatedBy: text('updated_by')
      .notNull()
      .references(() => users.id),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('bots_by_organization').on(table.orgId, table.id)],
);

export const messages = sample.table(
  'messages',
  {
    id: serialId('id').primaryKey(),
    botId: idReference('bot_id')
      .notNull()
      .references(() => bots.id, { onDelete: 'cascade' }),
    direction: messageDirection('direction').notNull(),
    status: messageStatus('status').notNull(),
    /** Milliseconds the bot took to answer; only outbound messages have one. */
    latencyMs: integer('latency_ms'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [index('messages_by_bot').on(table.botId, table.createdAt)],
);

export type User = typeof users.$inferSelect;
export type Bot = typeof bots.$inferSelect;
export type BotStatus = Bot['status'];
export type Message = typeof messages.$inferSelect;
