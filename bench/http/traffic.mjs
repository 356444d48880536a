/**
 * What users do with the sample: they look at bots, some of which are far more popular than others (Zipf), at lists and
 * statistics; one request in twenty changes something. A seeded generator, so that each way of caching gets the same.
 */
const USERS = [
  { id: 'ada', org: 'acme' },
  { id: 'alan', org: 'globex' },
  { id: 'barbara', org: 'initech' },
];
const BOTS_PER_ORGANIZATION = 200;
const ZIPF_EXPONENT = 1.1;
const WRITES = 0.05;

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Ranks from 0 on, the first ones far more often. */
function zipf(count, random) {
  const weights = Array.from({ length: count }, (_, i) => 1 / (i + 1) ** ZIPF_EXPONENT);
  const sum = weights.reduce((a, b) => a + b);
  let total = 0;
  const bounds = weights.map((weight) => (total += weight / sum));
  return () => {
    const at = random();
    const rank = bounds.findIndex((bound) => at < bound);
    return rank < 0 ? count - 1 : rank;
  };
}

/**
 * Makes requests.
 *
 * @param botsByOrg ids of the bots of an organization, the most popular one first
 */
export function requests(count, botsByOrg, seed = 7) {
  const random = seeded(seed);
  const rank = zipf(BOTS_PER_ORGANIZATION, random);
  return Array.from({ length: count }, () => {
    const user = USERS[Math.floor(random() * USERS.length)];
    const bots = botsByOrg[user.org];
    const bot = bots[rank() % bots.length];
    const headers = { 'x-user-id': user.id };
    if (random() < WRITES) return { headers, ...write(bot, random()) };
    return { headers, method: 'GET', path: read(user, bot, random(), rank) };
  });
}

function read(user, bot, choice, rank) {
  if (choice < 0.5) return `/bots/${bot}/details`;
  if (choice < 0.7) return `/bots/${bot}`;
  if (choice < 0.85) return `/orgs/${user.org}/bots?page=${1 + (rank() % 10)}&limit=20`;
  if (choice < 0.95) return `/bots/${bot}/stats`;
  return `/orgs/${user.org}/summary`;
}

function write(bot, choice) {
  if (choice < 0.5) {
    const body = JSON.stringify({ description: `Changed ${Math.floor(choice * 1e6)}` });
    return { method: 'PATCH', path: `/bots/${bot}`, body };
  }
  if (choice < 0.75) return { method: 'POST', path: `/bots/${bot}/start` };
  return { method: 'POST', path: `/bots/${bot}/stop` };
}

/** The bots of each organization, as the sample lists them. */
export async function botsOf(url) {
  const entries = USERS.map(async ({ id, org }) => {
    const ids = [];
    for (let page = 1; page <= 10; page++) {
      const response = await fetch(`${url}/orgs/${org}/bots?page=${page}&limit=20`, {
        headers: { 'x-user-id': id },
      });
      const body = await response.json();
      if (!response.ok) throw new Error(`GET /orgs/${org}/bots: ${JSON.stringify(body)}`);
      ids.push(...body.items.map((bot) => bot.id));
    }
    return [org, ids];
  });
  return Object.fromEntries(await Promise.all(entries));
}
