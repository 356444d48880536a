import { sql, type SQL } from 'drizzle-orm';

import { DEFAULT_BOT_SETTINGS } from '../bots/bot-settings.js';
import type { Transaction } from './database.js';
import { BOT_KINDS, BOT_NAMES, BOTS_PER_ORGANIZATION, MESSAGE_DAYS, ORGANIZATIONS } from './seed-data.js';
import { bots, messages, organizations, users } from './schema.js';

/** Fills organizations, users and bots. Bots 1 to 200 belong to the first organization, 201 to 400 to the next. */
export async function seedOrganizations(tx: Transaction): Promise<void> {
  await tx.insert(organizations).values(ORGANIZATIONS.map(({ id, name }) => ({ id, name })));
  await tx
    .insert(users)
    .values(
      ORGANIZATIONS.flatMap((organization) =>
        Object.entries(organization.users).map(([id, name]) => ({ id, name, orgId: organization.id })),
      ),
    );
  for (const organization of ORGANIZATIONS) {
    await tx
      .insert(bots)
      .values(Array.from({ length: BOTS_PER_ORGANIZATION }, (_, index) => seededBot(organization, index)));
  }
}

function seededBot(organization: (typeof ORGANIZATIONS)[number], index: number): typeof bots.$inferInsert {
  const kind = BOT_KINDS[index % BOT_KINDS.length] ?? BOT_KINDS[0];
  const name = BOT_NAMES[Math.floor(index / BOT_KINDS.length)] ?? '';
  const [author] = Object.keys(organization.users);
  return {
    orgId: organization.id,
    name: `${kind} ${name}`,
    description: `${kind} bot of ${organization.name}`,
    status: index % 5 === 4 ? 'inactive' : 'active',
    settings: { ...DEFAULT_BOT_SETTINGS, greeting: `Hello, this is ${name}. How can I help?` },
    updatedBy: author ?? '',
  };
}

/**
 * Fills `messages` with `count` rows in one statement. Four numbers in [0, 1) are taken from the MD5 of the
 * row number, so every database gets the same rows. A cubed number picks the bot: an organization's first bot
 * has about a sixth of its messages, its last one about a six-hundredth.
 */
export async function seedMessages(tx: Transaction, count: number): Promise<void> {
  if (count === 0) return;
  await tx.execute(sql`
    INSERT INTO ${messages} (bot_id, direction, status, latency_ms, created_at)
    SELECT
      1 + ${BOTS_PER_ORGANIZATION}::int * (n % ${ORGANIZATIONS.length}::int)
        + floor(${BOTS_PER_ORGANIZATION}::int * power(bot, 3))::int,
      (CASE WHEN direction < 0.5 THEN 'inbound' ELSE 'outbound' END)::bots_sample.message_direction,
      (CASE WHEN status < 0.92 THEN 'delivered' WHEN status < 0.98 THEN 'failed' ELSE 'pending' END)::bots_sample.message_status,
      CASE WHEN direction < 0.5 THEN NULL ELSE round(80 * exp(4 * latency)) END,
      first_day + (now() - first_day) * (n::float8 / ${count}::int)
    FROM (
      SELECT n, ${unit(1)} AS bot, ${unit(2)} AS direction, ${unit(3)} AS status, ${unit(4)} AS latency
      FROM (SELECT n, md5(n::text) AS hash FROM generate_series(1, ${count}::int) AS n) AS hashed
    ) AS drawn,
    (SELECT date_trunc('day', now(), 'UTC') - make_interval(days => ${MESSAGE_DAYS - 1}::int) AS first_day) AS spread
  `);
}

/** The `word`th 32 bits of `hash` as a number in [0, 1). */
function unit(word: 1 | 2 | 3 | 4): SQL {
  return sql.raw(`('x' || substr(hash, ${(word - 1) * 8 + 1}, 8))::bit(32)::bigint / 4294967296.0::float8`);
}
