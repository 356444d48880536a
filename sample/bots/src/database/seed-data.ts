/** Who there is after the first start. Each organization gets {@link BOTS_PER_ORGANIZATION} bots. */
export const ORGANIZATIONS = [
  { id: 'acme', name: 'Acme Travel', users: { ada: 'Ada Lovelace', grace: 'Grace Hopper' } },
  { id: 'globex', name: 'Globex Bank', users: { alan: 'Alan Turing', edsger: 'Edsger Dijkstra' } },
  { id: 'initech', name: 'Initech Health', users: { barbara: 'Barbara Liskov', donald: 'Donald Knuth' } },
] as const;

export const BOTS_PER_ORGANIZATION = 200;

/** Eight kinds and twenty-five names give each of an organization's 200 bots a name of its own. */
export const BOT_KINDS = [
  'Support',
  'Sales',
  'Billing',
  'Booking',
  'Survey',
  'Onboarding',
  'Returns',
  'News',
] as const;

export const BOT_NAMES = (
  'Aster Birch Cedar Daisy Elder Fern Ginger Hazel Iris Juniper Kale Laurel Maple ' +
  'Nettle Olive Poppy Quince Rowan Sage Thyme Umber Violet Willow Yarrow Zinnia'
).split(' ');

/** Days over which the seeded messages are spread; the last of them is today. */
export const MESSAGE_DAYS = 30;
