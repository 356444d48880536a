const NAMES = ['Aster', 'Birch', 'Cedar', 'Daisy', 'Elder', 'Fern', 'Ginger', 'Hazel'];
const CREATED = Date.UTC(2026, 0, 1);

/** A bot: about 600 bytes of JSON, with nested objects and a date. */
export function makeBot(id) {
  const number = Number(id);
  return {
    id: `${id}`,
    organizationId: `org-${number % 17}`,
    name: `${NAMES[number % NAMES.length]} Support ${id}`,
    description: 'Answers questions about orders, returns and invoices, in three languages.',
    status: number % 3 === 0 ? 'stopped' : 'running',
    createdAt: new Date(CREATED + number * 60_000),
    settings: {
      language: 'en',
      temperature: 0.7,
      greeting: 'Hello! What can I do for you today?',
      channels: ['web', 'mail', 'whatsapp'],
      hours: { from: '08:00', to: '20:00', zone: 'Europe/Berlin' },
      limits: { messagesPerDay: 5000, tokensPerMessage: 800, concurrent: 25 },
    },
    statistics: { messages: 12_345 + number, conversations: 678 + number, satisfaction: 0.93 },
    owner: { id: `user-${number % 31}`, name: 'Ada Lovelace', role: 'admin' },
  };
}

/** A page of 50 bots: about 28 KB of JSON. */
export function makePage(id) {
  const first = Number(id) * 50;
  return { page: Number(id), total: 10_000, bots: Array.from({ length: 50 }, (_, i) => makeBot(first + i)) };
}
