/** Makes the tables of `schema.ts`, one statement at a time. */
export const CREATE_TABLES: readonly string[] = [
  `CREATE SCHEMA bots_sample`,

  `CREATE TYPE bots_sample.bot_status AS ENUM ('active', 'inactive')`,
  `CREATE TYPE bots_sample.message_direction AS ENUM ('inbound', 'outbound')`,
  `CREATE TYPE bots_sample.message_status AS ENUM ('delivered', 'failed', 'pending')`,

  `CREATE TABLE bots_sample.organizations (
    id   text PRIMARY KEY,
    name text NOT NULL
  )`,

  `CREATE TABLE bots_sample.users (
    id     text PRIMARY KEY,
    org_id text NOT NULL REFERENCES bots_sample.organizations,
    name   text NOT NULL
  )`,

  `CREATE TABLE bots_sample.bots (
    id          serial PRIMARY KEY,
    org_id      text NOT NULL REFERENCES bots_sample.organizations,
    name        text NOT NULL,
    description text NOT NULL DEFAULT '',
    status      bots_sample.bot_status NOT NULL DEFAULT 'inactive',
    settings    jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_by  text NOT NULL REFERENCES bots_sample.users,
    updated_at  timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX bots_by_organization ON bots_sample.bots (org_id, id)`,

  `CREATE TABLE bots_sample.messages (
    id         serial NOT NULL,
    bot_id     integer NOT NULL,
    direction  bots_sample.message_direction NOT NULL,
    status     bots_sample.message_status NOT NULL,
    latency_ms integer,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,
];

/** Keys and index of the one large table. Made after its rows: checking 500,000 at once is far cheaper. */
export const FINISH_TABLES: readonly string[] = [
  `ALTER TABLE bots_sample.messages ADD PRIMARY KEY (id)`,
  `ALTER TABLE bots_sample.messages ADD FOREIGN KEY (bot_id) REFERENCES bots_sample.bots ON DELETE CASCADE`,
  `CREATE INDEX messages_by_bot ON bots_sample.messages (bot_id, created_at)`,
  `ANALYZE bots_sample.bots, bots_sample.messages`,
];
