import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  NotFoundException,
  Param,
  ParseIntPipe,
  Patch,
  Query,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { REQUEST, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { map, type Observable } from 'rxjs';
import request from 'supertest';
import { CacheEvict, CacheModule, Cacheable, defineCache, key, tag } from 'nestjs-roost';

const bots = defineCache({
  name: 'bots',
  key: (id: number) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});

interface Bot {
  readonly id: number;
  readonly revision: number;
  readonly at: Date;
}

@Injectable()
class RoleGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    if (role !== undefined && headers['x-role'] !== role) throw new ForbiddenException();
    return true;
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

let revision = 0;

@Controller('bots')
class BotsController {
  @Cacheable(bots, (_verbose: string | undefined, id: number) => [id])
  @UseGuards(RoleGuard)
  @UseInterceptors(Envelope)
  @Get(':id')
  @Header('x-kind', 'bot')
  @SetMetadata('role', 'reader')
  async find(
    @Query('verbose') _verbose: string | undefined,
    @Param('id', ParseIntPipe) id: number,
  ): Promise<Bot> {
    if (id === 0) throw new NotFoundException('No such bot');
    revision += 1;
    return { id, revision, at: new Date(0) };
  }

  @Patch(':id')
  @HttpCode(202)
  @CacheEvict({ tags: (bot: Bot) => [tag`bot:${bot.id}`] })
  @SetMetadata('role', 'writer')
  @UseGuards(RoleGuard)
  async update(@Param('id', ParseIntPipe) id: number, @Body('revision') next: number): Promise<Bot> {
    revision = next;
    return { id, revision, at: new Date(0) };
  }
}

@Controller({ path: 'mine', scope: Scope.REQUEST })
class MineController {
  constructor(@Inject(REQUEST) private readonly incoming: { headers: Record<string, string> }) {}

  @Get()
  async mine(): Promise<string> {
    return this.of(this.incoming.headers['x-user'] ?? '');
  }

  @Cacheable({ ttl: '1m' })
  async of(user: string): Promise<string> {
    revision += 1;
    return `${user} ${revision}`;
  }
}

describe('decorated methods of controllers', () => {
  let app: INestApplication;

  beforeEach(async () => {
    revision = 0;
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ namespace: 'test' })],
      controllers: [BotsController, MineController],
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
  });

  afterEach(() => app.close());

  const http = () => request(app.getHttpServer());
  const find = (id: number | string) => http().get(`/bots/${id}`).set('x-role', 'reader');

  it('are routes as before: parameters, pipes, headers, interceptors, status codes', async () => {
    const response = await find(1).expect(200).expect('x-kind', 'bot');

    expect(response.body).toEqual({ data: { id: 1, revision: 1, at: '1970-01-01T00:00:00.000Z' } });
    await find('one').expect(400);
    await http().patch('/bots/1').set('x-role', 'writer').send({ revision: 5 }).expect(202);
  });

  it('answer from the cache, with the same response', async () => {
    const first = await find(1);
    const second = await http().get('/bots/1?verbose=yes').set('x-role', 'reader');

    expect(second.body).toEqual(first.body);
    expect(second.headers['x-kind']).toBe('bot');
    expect(revision).toBe(1);
  });

  it('are guarded, on a hit too: the guard reads the metadata above and below', async () => {
    await find(1).expect(200);

    await http().get('/bots/1').expect(403);
    await http().get('/bots/1').set('x-role', 'writer').expect(403);
    await http().patch('/bots/1').set('x-role', 'reader').send({ revision: 5 }).expect(403);
  });

  it('pass on exceptions, and cache none', async () => {
    await find(0).expect(404, { message: 'No such bot', error: 'Not Found', statusCode: 404 });
    await find(0).expect(404);
  });

  it('evict before the response', async () => {
    await find(1);

    await http().patch('/bots/1').set('x-role', 'writer').send({ revision: 41 }).expect(202);

    expect((await find(1)).body).toMatchObject({ data: { revision: 42 } });
  });

  it('work in controllers that are made for each request', async () => {
    const mine = (user: string) => http().get('/mine').set('x-user', user);

    await mine('ann').expect('ann 1');
    await mine('bob').expect('bob 2');
    await mine('ann').expect('ann 1');
  });
});
