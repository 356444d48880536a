import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cacheable, CacheModule, CacheService, defineCache, key, tag } from 'nestjs-roost';

/** The definition of the measured cache: what a user would write, with a longer L1 ttl than a run takes. */
function definitionFor({ tier, tagsOf }, isolation) {
  return defineCache({
    name: 'bots',
    key: (id) => key`bot:${id}`,
    ttl: '10m',
    isolation,
    ...(tier === 'l2' && { l1: false }),
    ...(tagsOf && { tags: (id) => tagsOf(id).map((text) => tag`${text}`) }),
  });
}

/** An application of Nest's that is nothing but CacheModule. */
export function openApp({ url, prefix, most = 10_000 }, providers = []) {
  const caching = CacheModule.forRoot({
    namespace: prefix,
    ...(url && { redis: url }),
    l1: { ttl: '10m', maxEntries: most, maxBytes: 1_000_000_000 },
  });
  return NestFactory.createApplicationContext({ ...caching, providers }, { logger: false });
}

async function openHandle(world, isolation) {
  const app = await openApp(world);
  const service = app.get(CacheService);
  const cache = service.cache(definitionFor(world, isolation));
  return {
    read: (id) => cache.getOrLoad([id], () => world.load(id)),
    readMany: (ids) => cache.getMany(ids.map((id) => [id])),
    evictTag: (text) => service.evictTags(tag`${text}`),
    close: () => app.close(),
  };
}

async function openMethod(world, isolation) {
  class Bots {
    async find(id) {
      return world.load(id);
    }
  }
  Injectable()(Bots);
  const descriptor = Object.getOwnPropertyDescriptor(Bots.prototype, 'find');
  Cacheable(definitionFor(world, isolation))(Bots.prototype, 'find', descriptor);
  Object.defineProperty(Bots.prototype, 'find', descriptor);
  const app = await openApp(world, [Bots]);
  const bots = app.get(Bots);
  return { read: (id) => bots.find(id), close: () => app.close() };
}

const packages = ['nestjs-roost', '@nestjs/core'];

export const roostShare = {
  name: 'nestjs-roost share',
  packages,
  is: ['l1', 'memory'],
  open: (world) => openHandle(world, 'share'),
};

export const roostMethod = {
  name: 'nestjs-roost share @Cacheable',
  packages,
  is: ['l1'],
  open: (world) => openMethod(world, 'share'),
};

export const roostClone = {
  name: 'nestjs-roost',
  packages,
  is: ['l1', 'l2', 'tags', 'fleet', 'many', 'frozen', 'memory'],
  open: (world) => openHandle(world, 'clone'),
};
