import {
  CacheModule,
  defineCache,
  key,
  pattern,
  tag,
  type CacheRules,
  type CacheService,
} from 'nestjs-roost';

declare module 'nestjs-roost' {
  interface CacheEventMap {
    'test.paid': { readonly userId: string };
    'test.tick': undefined;
  }
}

const plan = defineCache({ name: 'types-plan', key: (userId: string) => key`plan:${userId}`, ttl: '1m' });

export const module = CacheModule.forRoot({
  namespace: 'types',
  rules: {
    'test.paid': ({ userId }) => [tag`user:${userId}`, plan.at(userId), plan.all(), pattern`plan:${userId}*`],
    'test.tick': async () => [plan.all()],
  },
});

export const wrong: readonly CacheRules[] = [
  // @ts-expect-error an event that nobody has declared
  { 'test.payed': () => [] },
  // @ts-expect-error the event carries no such field
  { 'test.paid': ({ user }) => [tag`user:${user}`] },
  // @ts-expect-error a key is no tag
  { 'test.paid': ({ userId }) => [key`plan:${userId}`] },
  // @ts-expect-error the key of this cache takes one text
  { 'test.paid': ({ userId }) => [plan.at(userId, 1)] },
  // @ts-expect-error not a list
  { 'test.paid': ({ userId }) => plan.at(userId) },
];

export async function emit(service: CacheService): Promise<void> {
  await service.emit('test.paid', { userId: '42' });
  await service.emit('test.tick');
  // @ts-expect-error an event that nobody has declared
  await service.emit('test.payed', { userId: '42' });
  // @ts-expect-error what it carries is missing
  await service.emit('test.paid');
  // @ts-expect-error and is not a text
  await service.emit('test.paid', '42');
  await service.evict(plan.at('42'), tag`user:${'42'}`, pattern`plan:*`, plan.all(), { strict: true });
  // @ts-expect-error a definition is not what it holds: `plan.all()`
  await service.evict(plan);
}
