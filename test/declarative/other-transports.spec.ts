import type { AddressInfo, Server } from 'node:net';
import {
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestMicroservice,
  type NestInterceptor,
} from '@nestjs/common';
import { ModuleRef, REQUEST, Reflector } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { Cron, ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { finalize, firstValueFrom, map, type Observable } from 'rxjs';
import { CacheEvict, CacheModule, CachePut, Cacheable, defineCache, key, tag } from 'nestjs-roost';
import { inMemoryAndOnRedis, useAppsIn } from './support/places.js';
import { Args, Context, Parent, Resolvers, Resolves } from './support/resolvers.js';

interface Bot {
  readonly id: number;
  readonly call: number;
}

const bots = defineCache<[id: number], Bot>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});

/** How often any method ran that counts. */
let calls = 0;

beforeEach(() => {
  calls = 0;
});

@Injectable()
class Bots {
  @Cacheable(bots)
  async find(id: number): Promise<Bot> {
    calls += 1;
    return { id, call: calls };
  }
}

/** Lets in whom the method's metadata name. */
@Injectable()
class RoleGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    const caller = context.getArgs<{ readonly role?: string }[]>().find((given) => given?.role !== undefined);
    if (role !== undefined && caller?.role !== role) throw new ForbiddenException();
    return true;
  }
}

/** Adds which method of which class has answered. */
@Injectable()
class Signed implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const by = `${context.getClass().name}.${context.getHandler().name}`;
    return next.handle().pipe(map((data: unknown) => ({ by, data })));
  }
}

inMemoryAndOnRedis((place) => {
  const start = useAppsIn(place);

  describe('a decorated method with @Cron', () => {
    const never = '0 0 1 1 *';

    @Injectable()
    class Jobs extends Bots {
      @Cron(never, { name: 'refresh', waitForCompletion: true })
      @CachePut({ cache: bots, select: (bot: Bot) => [bot.id] })
      async refresh(): Promise<Bot> {
        calls += 1;
        return { id: 1, call: calls };
      }

      @CacheEvict({ cache: bots, all: true })
      @Cron(never, { name: 'forget', waitForCompletion: true })
      async forget(): Promise<void> {}
    }

    it('is scheduled under its name, and has its effects each time it fires', async () => {
      const app = await start({ imports: [ScheduleModule.forRoot()], providers: [Jobs] });
      const registry = app.get(SchedulerRegistry);
      const jobs = app.get(Jobs);
      expect([...registry.getCronJobs().keys()]).toEqual(['refresh', 'forget']);
      expect(await jobs.find(1)).toEqual({ id: 1, call: 1 });

      await registry.getCronJob('refresh').fireOnTick();
      expect(await jobs.find(1)).toEqual({ id: 1, call: 2 });
      await registry.getCronJob('refresh').fireOnTick();
      expect(await jobs.find(1)).toEqual({ id: 1, call: 3 });
      await registry.getCronJob('forget').fireOnTick();
      expect(await jobs.find(1)).toEqual({ id: 1, call: 4 });
    });
  });

  describe('a decorated method with @OnEvent', () => {
    @Injectable()
    class Listener extends Bots {
      @OnEvent('bot.renamed')
      @CacheEvict({ tags: (_result: void, { id }: Bot) => [tag`bot:${id}`] })
      @OnEvent('bot.deleted')
      async forget(_bot: Bot): Promise<void> {}

      @CachePut({ cache: bots, select: (_bot: Bot, id: number) => [id] })
      @OnEvent('bot.failing', { suppressErrors: false })
      async fail(_id: number): Promise<Bot> {
        throw new RangeError('of the listener');
      }
    }
    const begin = async (...providers: (typeof Listener)[]) => {
      const app = await start({ imports: [EventEmitterModule.forRoot()], providers });
      return { app, emitter: app.get(EventEmitter2) };
    };

    it('listens to all events that it names, above and below, and has its effects by the time it is done', async () => {
      const { app, emitter } = await begin(Listener);
      const listener = app.get(Listener);
      await listener.find(1);

      await emitter.emitAsync('bot.renamed', { id: 2 });
      expect(await listener.find(1)).toMatchObject({ call: 1 });
      await emitter.emitAsync('bot.renamed', { id: 1 });
      expect(await listener.find(1)).toMatchObject({ call: 2 });
      await emitter.emitAsync('bot.deleted', { id: 1 });
      expect(await listener.find(1)).toMatchObject({ call: 3 });
    });

    it('rejects with its own error, and has no effects then', async () => {
      const { app, emitter } = await begin(Listener);
      await app.get(Listener).find(1);

      await expect(emitter.emitAsync('bot.failing', 1)).rejects.toThrow(new RangeError('of the listener'));
      expect(await app.get(Listener).find(1)).toMatchObject({ call: 1 });
    });

    it('may be of a provider that is made for each event', async () => {
      @Injectable({ scope: Scope.REQUEST })
      class PerEvent extends Listener {
        constructor(@Inject(REQUEST) readonly event: unknown) {
          super();
        }
      }
      @Injectable()
      class Reader extends Bots {}
      const app = await start({ imports: [EventEmitterModule.forRoot()], providers: [PerEvent, Reader] });
      await app.get(Reader).find(1);

      await app.get(EventEmitter2).emitAsync('bot.renamed', { id: 1 });

      expect(await app.get(Reader).find(1)).toMatchObject({ call: 2 });
    });
  });

  describe('a decorated method of a microservice', () => {
    /** Tells when an event has been dealt with, which its sender does not hear. */
    let dealtWith: () => void;

    @Injectable()
    class Telling implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
        return next.handle().pipe(finalize(() => dealtWith()));
      }
    }

    @Controller()
    class BotMessages {
      @Cacheable(bots, ({ id }: { readonly id: number }) => [id])
      @MessagePattern('find')
      @UseInterceptors(Signed)
      async find(@Payload() { id }: { readonly id: number }): Promise<Bot> {
        calls += 1;
        return { id, call: calls };
      }

      @MessagePattern({ cmd: 'guarded' })
      @UseGuards(RoleGuard)
      @Cacheable(bots)
      @SetMetadata('role', 'reader')
      async guarded(@Payload('id', ParseIntPipe) id: number): Promise<Bot> {
        calls += 1;
        return { id, call: calls };
      }

      @MessagePattern('fail')
      @Cacheable({ ttl: '1m' })
      async fail(@Payload() _id: number): Promise<never> {
        calls += 1;
        throw new RpcException(`failure ${calls}`);
      }

      @UseInterceptors(Telling)
      @CacheEvict({ tags: (_result: void, id: number) => [tag`bot:${id}`] })
      @EventPattern('renamed')
      async renamed(@Payload('id') _id: number): Promise<void> {}
    }

    let app: INestMicroservice;
    let client: ClientProxy;
    const send = (pattern: unknown, data: unknown): Promise<unknown> =>
      firstValueFrom(client.send(pattern, data));

    beforeEach(async () => {
      const module = await Test.createTestingModule({
        imports: [CacheModule.forRoot(place.options())],
        controllers: [BotMessages],
      }).compile();
      const address = { host: '127.0.0.1', port: 0 };
      app = module.createNestMicroservice({
        transport: Transport.TCP,
        options: address,
        logger: false,
      });
      await app.listen();
      const { port } = app.unwrap<Server>().address() as AddressInfo;
      client = ClientProxyFactory.create({ transport: Transport.TCP, options: { ...address, port } });
    });

    afterEach(async () => {
      await client.close();
      await app.close();
    });

    it('answers messages, through its interceptors on a hit, too', async () => {
      const answer = { by: 'BotMessages.find', data: { id: 1, call: 1 } };

      expect(await send('find', { id: 1 })).toEqual(answer);
      expect(await send('find', { id: 1, other: true })).toEqual(answer);
      expect(await send('find', { id: 2 })).toMatchObject({ data: { call: 2 } });
    });

    it('is guarded on a hit, too, and gets what pipes have made of the message', async () => {
      const ask = (id: string, role: string) => send({ cmd: 'guarded' }, { id, role });

      expect(await ask('1', 'reader')).toEqual({ id: 1, call: 1 });
      expect(await ask('1', 'reader')).toEqual({ id: 1, call: 1 });
      await expect(ask('1', 'writer')).rejects.toBeDefined();
      await expect(ask('one', 'reader')).rejects.toBeDefined();
      expect(calls).toBe(1);
    });

    it('passes its exceptions on to the client, and has none of them stored', async () => {
      await expect(send('fail', 1)).rejects.toMatchObject({ message: 'failure 1' });
      await expect(send('fail', 1)).rejects.toMatchObject({ message: 'failure 2' });
    });

    it('has evicted when an event has been dealt with', async () => {
      await send('find', { id: 1 });
      const done = new Promise<void>((resolve) => (dealtWith = resolve));

      await firstValueFrom(client.emit('renamed', { id: 1 }), { defaultValue: undefined });
      await done;

      expect(await send('find', { id: 1 })).toMatchObject({ data: { call: 2 } });
    });
  });

  describe('a decorated method of a resolver, as of GraphQL', () => {
    @Injectable()
    class BotsResolver {
      @Resolves('bot')
      @UseGuards(RoleGuard)
      @UseInterceptors(Signed)
      @Cacheable(bots, (_context: object, id: number) => [id])
      @SetMetadata('role', 'reader')
      async bot(@Context() _context: object, @Args('id', ParseIntPipe) id: number): Promise<Bot> {
        calls += 1;
        return { id, call: calls };
      }

      @Cacheable({ ttl: '1m', key: ({ id }: Bot, locale: string) => key`name:${id}:${locale}` })
      @Resolves('Bot.name')
      async name(@Parent() bot: Bot, @Args('locale') locale: string): Promise<string> {
        calls += 1;
        return `${bot.id} in ${locale}`;
      }

      @CacheEvict({ tags: (bot: Bot) => [tag`bot:${bot.id}`] })
      @Resolves('rename')
      async rename(@Args('id', ParseIntPipe) id: number): Promise<Bot> {
        return { id, call: 0 };
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class MineResolver {
      constructor(@Inject(REQUEST) private readonly request: { readonly user: string }) {}

      @Resolves('mine')
      @Cacheable(bots, function (this: MineResolver) {
        return [Number(this.request.user)];
      })
      async mine(): Promise<Bot> {
        calls += 1;
        return { id: Number(this.request.user), call: calls };
      }
    }

    const context = { role: 'reader' };
    let resolvers: Resolvers;

    beforeEach(async () => {
      const types = [BotsResolver, MineResolver];
      const app = await start({ providers: types });
      resolvers = new Resolvers(app.module.get(ModuleRef), types);
    });

    it('is found by its metadata, gets what param decorators and pipes make of the query, and answers hits', async () => {
      const answer = { by: 'BotsResolver.bot', data: { id: 1, call: 1 } };

      expect(await resolvers.resolve('bot', { args: { id: '1' }, context })).toEqual(answer);
      expect(
        await resolvers.resolve('bot', { args: { id: '1' }, context: { ...context, other: 1 } }),
      ).toEqual(answer);
      await expect(resolvers.resolve('bot', { args: { id: 'one' }, context })).rejects.toThrow(
        'numeric string',
      );
    });

    it('is guarded on a hit, too', async () => {
      await resolvers.resolve('bot', { args: { id: '1' }, context });

      const call = resolvers.resolve('bot', { args: { id: '1' }, context: { role: 'writer' } });
      await expect(call).rejects.toThrow(ForbiddenException);
    });

    it('resolves a field for each parent once, however many ask at the same time', async () => {
      const names = [1, 2, 1].map((id) =>
        resolvers.resolve('Bot.name', { parent: { id, call: 0 }, args: { locale: 'de' } }),
      );

      expect(await Promise.all(names)).toEqual(['1 in de', '2 in de', '1 in de']);
      expect(calls).toBe(2);
    });

    it('has evicted when a mutation has been answered', async () => {
      await resolvers.resolve('bot', { args: { id: '1' }, context });

      await resolvers.resolve('rename', { args: { id: '1' } });

      expect(await resolvers.resolve('bot', { args: { id: '1' }, context })).toMatchObject({
        data: { call: 2 },
      });
    });

    it('may be of a resolver that is made for each request', async () => {
      const mine = (user: string) => resolvers.resolve('mine', { context: { user } });

      expect([await mine('1'), await mine('2'), await mine('1')]).toEqual([
        { id: 1, call: 1 },
        { id: 2, call: 2 },
        { id: 1, call: 1 },
      ]);
    });
  });
});
