import {
  Body,
  Catch,
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
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Scope,
  SetMetadata,
  StreamableFile,
  UseFilters,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  Version,
  createParamDecorator,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { REQUEST, Reflector } from '@nestjs/core';
import { Type } from 'class-transformer';
import { IsInt, Max } from 'class-validator';
import { map, type Observable } from 'rxjs';
import request from 'supertest';
import { CacheEvict, Cacheable, defineCache, key, tag } from 'nestjs-roost';
import { PLATFORMS, startHttp } from './support/http.js';
import { inMemoryAndOnRedis } from './support/places.js';

interface Incoming {
  readonly headers: Record<string, string | undefined>;
}

interface Bot {
  readonly id: number;
  readonly revision: number;
  readonly at: Date;
}

const bots = defineCache<[id: number], Bot>({
  name: 'bots',
  key: (id) => key`bot:${id}`,
  ttl: '5m',
  tags: (id) => [tag`bot:${id}`],
});

/** How often methods ran: every answer that comes from one tells. */
let revision = 0;

@Injectable()
class RoleGuard implements CanActivate {
  constructor(@Inject(Reflector) private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string | undefined>('role', context.getHandler());
    const { headers } = context.switchToHttp().getRequest<Incoming>();
    if (role !== undefined && headers['x-role'] !== role) throw new ForbiddenException();
    return true;
  }
}

@Injectable()
class Envelope implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const by = `${context.getClass().name}.${context.getHandler().name}`;
    return next.handle().pipe(map((data: unknown) => ({ by, data })));
  }
}

class BotMissing extends Error {}

@Catch(BotMissing)
class MissingFilter implements ExceptionFilter<BotMissing> {
  constructor(private readonly told: string[]) {}

  catch(error: BotMissing, _host: ArgumentsHost): never {
    this.told.push(error.message);
    throw new NotFoundException(error.message);
  }
}

const User = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<Incoming>().headers['x-user'];
});

class Search {
  @IsInt()
  @Max(100)
  @Type(() => Number)
  readonly limit!: number;

  readonly filter?: { readonly text: string };
}

const told: string[] = [];

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

  @Post('search')
  @HttpCode(200)
  @Cacheable({ ttl: '1m' })
  async search(@Body(new ValidationPipe({ transform: true })) search: Search): Promise<object> {
    revision += 1;
    return { search, isSearch: search instanceof Search, revision };
  }

  @Get()
  @Cacheable({ ttl: '1m' })
  async ofUser(@User() user: string | undefined): Promise<object> {
    revision += 1;
    return { user, revision };
  }
}

@Controller('odd')
class OddController {
  @UseFilters(new MissingFilter(told))
  @Cacheable({ ttl: '1m' })
  @Get('missing/:id')
  async missing(@Param('id') id: string): Promise<never> {
    revision += 1;
    throw new BotMissing(`No ${id}, call ${revision}`);
  }

  @Cacheable({ ttl: '1m', key: (_request: Incoming, _response: object, id: string) => key`raw:${id}` })
  @Get('raw/:id')
  async raw(
    @Req() incoming: Incoming,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
    @Param('id') _id: string,
  ): Promise<object> {
    revision += 1;
    response.header('x-made-for', incoming.headers['x-user'] ?? '');
    return { user: incoming.headers['x-user'], revision };
  }

  @Redirect('/nowhere', 302)
  @Cacheable({ ttl: '1m' })
  @Get('latest')
  async latest(): Promise<{ readonly url: string; readonly statusCode: number }> {
    revision += 1;
    return { url: `/bots/${revision}`, statusCode: 307 };
  }

  @Version('1')
  @Cacheable({ ttl: '1m' })
  @Get('versioned')
  async first(): Promise<object> {
    revision += 1;
    return { version: 1, revision };
  }

  @Get('versioned')
  @Cacheable({ ttl: '1m' })
  @Version('2')
  async second(): Promise<object> {
    revision += 1;
    return { version: 2, revision };
  }

  @Cacheable({ ttl: '1m' })
  @Get('file')
  async file(): Promise<StreamableFile> {
    revision += 1;
    return new StreamableFile(Buffer.from(`file ${revision}`));
  }
}

@Controller({ path: 'mine', scope: Scope.REQUEST })
class MineController {
  constructor(@Inject(REQUEST) private readonly incoming: Incoming) {}

  @Get()
  async mine(): Promise<object> {
    return this.of(this.incoming.headers['x-user'] ?? '');
  }

  @Cacheable({ ttl: '1m' })
  async of(user: string): Promise<object> {
    revision += 1;
    return { user, revision };
  }
}

inMemoryAndOnRedis((place) => {
  describe.each(PLATFORMS)('on %s, a decorated method of a controller', (_name, platform) => {
    let app: INestApplication;

    beforeEach(async () => {
      revision = 0;
      told.length = 0;
      const controllers = [BotsController, OddController, MineController];
      app = await startHttp(platform, { controllers }, place.options());
    });

    afterEach(() => app.close());

    const http = () => request(app.getHttpServer());
    const find = (path: number | string) => http().get(`/bots/${path}`).set('x-role', 'reader');
    const update = () => http().patch('/bots/1').set('x-role', 'writer').send({ revision: 41 });

    it('is a route: it gets what param decorators pick and pipes have turned into something else', async () => {
      const { body } = await find('1').expect(200);

      expect(body).toMatchObject({ data: { id: 1, revision: 1, at: '1970-01-01T00:00:00.000Z' } });
      await find('one').expect(400);
      expect(revision).toBe(1);
    });

    it('answers a hit as it does a miss: status, headers and body', async () => {
      const miss = await find('1').expect(200).expect('x-kind', 'bot');
      const hit = await find('1?verbose=yes').expect(200).expect('x-kind', 'bot');

      expect(hit.text).toBe(miss.text);
      expect(revision).toBe(1);
    });

    it('is guarded on a hit, too, by guards that read what decorators above and below have set', async () => {
      await find('1').expect(200);

      await http().get('/bots/1').expect(403);
      await http().get('/bots/1').set('x-role', 'writer').expect(403);
      await update().set('x-role', 'reader').expect(403);
      expect(revision).toBe(1);
    });

    it('passes its interceptors on a hit, too, and they see class and method', async () => {
      await find('1');

      expect((await find('1')).body).toMatchObject({ by: 'BotsController.find', data: { revision: 1 } });
    });

    it('gets a body that the ValidationPipe has checked and made an instance of its class', async () => {
      const search = (body: object) => http().post('/bots/search').send(body);

      const { body } = await search({ limit: '5' }).expect(200);
      expect(body).toEqual({ search: { limit: 5 }, isSearch: true, revision: 1 });
      await search({ limit: 101 }).expect(400);
      expect(revision).toBe(1);
    });

    it('is keyed by the content of a body when it has no key of its own', async () => {
      const search = async (body: object) => (await http().post('/bots/search').send(body)).body as object;

      expect(await search({ limit: 5, filter: { text: 'a' } })).toMatchObject({ revision: 1 });
      expect(await search({ filter: { text: 'a' }, limit: '5' })).toMatchObject({ revision: 1 });
      expect(await search({ limit: 5, filter: { text: 'b' } })).toMatchObject({ revision: 2 });
    });

    it('gets what param decorators of one’s own pick, and can be keyed by it', async () => {
      const ofUser = async (user: string) => (await http().get('/bots').set('x-user', user)).body as object;

      expect(await ofUser('ann')).toEqual({ user: 'ann', revision: 1 });
      expect(await ofUser('bob')).toEqual({ user: 'bob', revision: 2 });
      expect(await ofUser('ann')).toEqual({ user: 'ann', revision: 1 });
    });

    it('leaves its exceptions to the filters, and has none of them stored', async () => {
      const first = await http().get('/odd/missing/1').expect(404);
      const second = await http().get('/odd/missing/1').expect(404);

      expect(first.body).toMatchObject({ message: 'No 1, call 1' });
      expect(second.body).toMatchObject({ message: 'No 1, call 2' });
      expect(told).toEqual(['No 1, call 1', 'No 1, call 2']);
    });

    it('may take request and response, when its key does without them', async () => {
      const raw = (user: string) => http().get('/odd/raw/1').set('x-user', user).expect(200);

      const [miss, hit] = [await raw('ann'), await raw('bob')];
      expect(miss.headers['x-made-for']).toBe('ann');
      expect(hit.body).toEqual({ user: 'ann', revision: 1 });
      expect(hit.headers['x-made-for']).toBeUndefined();
    });

    it('redirects to where the stored answer says', async () => {
      await http().get('/odd/latest').expect(307).expect('location', '/bots/1');
      await http().get('/odd/latest').expect(307).expect('location', '/bots/1');
    });

    it('has an entry for each version of a route', async () => {
      const versioned = async (version: number) =>
        (await http().get(`/v${version}/odd/versioned`).expect(200)).body as object;

      for (let round = 0; round < 2; round += 1) {
        expect(await versioned(1)).toEqual({ version: 1, revision: 1 });
        expect(await versioned(2)).toEqual({ version: 2, revision: 2 });
      }
    });

    it('sends the file that it returns, which has no stored form, each time anew', async () => {
      for (const expected of ['file 1', 'file 2']) {
        const { body } = await http().get('/odd/file').expect(200);
        expect((body as Buffer).toString()).toBe(expected);
      }
    });

    it('has evicted when the response comes', async () => {
      await find('1');

      await update().expect(202);

      expect((await find('1')).body).toMatchObject({ data: { revision: 42 } });
    });

    it('works in controllers that are made for each request', async () => {
      const mine = async (user: string) => (await http().get('/mine').set('x-user', user)).body as object;

      expect(await mine('ann')).toEqual({ user: 'ann', revision: 1 });
      expect(await mine('bob')).toEqual({ user: 'bob', revision: 2 });
      expect(await mine('ann')).toEqual({ user: 'ann', revision: 1 });
    });
  });
});
