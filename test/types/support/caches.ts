/** Caches and values that the type tests use. */
import { defineCache } from '../../../src/definition/define-cache.js';
import { key } from '../../../src/definition/template.js';

export interface Bot {
  readonly id: string;
  readonly orgId: number;
}
export interface DetailedBot extends Bot {
  readonly details: string;
}

export declare const bot: Bot;
export declare const detailed: DetailedBot;
export declare const someBoolean: boolean;

export const byId = defineCache({ name: 'by-id', key: (id: string) => key`bot:${id}`, ttl: '5m' });
export const page = defineCache({
  name: 'page',
  key: (orgId: number, size?: number) => key`org:${orgId}:${size}`,
  ttl: 1000,
});
export const many = defineCache({
  name: 'many',
  key: (...ids: string[]) => key`many:${ids.join()}`,
  ttl: 'forever',
});
export const all = defineCache({ name: 'all', key: () => key`all`, ttl: '1h' });
export const ofBots = defineCache<[id: string], Bot>({
  name: 'of-bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
});
export const ofMaybe = defineCache<[id: string], Bot | null>({
  name: 'maybe',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
});
export const byTtl = defineCache({
  name: 'by-ttl',
  key: (id: string) => key`${id}`,
  ttl: (token: { readonly expiresIn: number }) => token.expiresIn,
});
