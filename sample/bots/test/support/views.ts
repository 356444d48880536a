import type { Sample } from './sample.js';

/** The cached routes that tell about one bot and its organization, by a short name. */
export type Views = Readonly<Record<string, { readonly userId: string; readonly path: string }>>;

export function botViews(userId: string, botId: string): Views {
  return {
    bot: { userId, path: `/bots/${botId}` },
    details: { userId, path: `/bots/${botId}/details` },
    stats: { userId, path: `/bots/${botId}/stats` },
  };
}

export function organizationViews(userId: string, orgId: string): Views {
  return {
    list: { userId, path: `/orgs/${orgId}/bots` },
    search: { userId, path: `/orgs/${orgId}/bots?page=2&limit=5&search=support` },
    summary: { userId, path: `/orgs/${orgId}/summary` },
  };
}

/** What each view's `X-Cache` says, by the view's name; the status where it is not 200. */
export async function readAll(sample: Sample, views: Views): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [name, { userId, path }] of Object.entries(views)) {
    const response = await sample.as(userId).get(path);
    outcomes[name] = response.status === 200 ? (response.get('X-Cache') ?? 'none') : String(response.status);
  }
  return outcomes;
}

/** The same outcome for each view. */
export function all(views: Views, outcome: string): Record<string, string> {
  return Object.fromEntries(Object.keys(views).map((name) => [name, outcome]));
}

/** `HIT; tier=l1` → `HIT`. */
export function withoutTier(outcomes: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(outcomes).map(([name, outcome]) => [name, outcome.replace(/;.*/, '')]),
  );
}
