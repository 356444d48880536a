import { Body, Controller, Delete, Get, Param, ParseIntPipe, Patch, Query } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { CacheEvict, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { PLATFORMS, startHttp, type Platform } from './support/http.js';

class Bot {
  @ApiProperty()
  readonly id!: number;

  @ApiProperty({ required: false })
  readonly name?: string;
}

const bots = defineCache<[id: number], Bot>({ name: 'bots', key: (id) => key`bot:${id}`, ttl: '5m' });

/** The same controller with our decorators, or without. */
function controllerWith(isCached: boolean) {
  const Cached = (...decorators: readonly unknown[]): MethodDecorator => {
    return (target, property, descriptor) => {
      if (isCached)
        for (const decorate of decorators as MethodDecorator[]) decorate(target, property, descriptor);
    };
  };

  @ApiTags('bots')
  @Controller('bots')
  class BotsController {
    @Cached(Cacheable(bots))
    @Get(':id')
    @ApiOperation({ summary: 'Finds a bot' })
    @ApiOkResponse({ type: Bot })
    async find(@Param('id', ParseIntPipe) id: number): Promise<Bot> {
      return { id };
    }

    @Get()
    @ApiOkResponse({ type: [Bot] })
    @Cached(Cacheable({ ttl: '1m' }))
    async list(@Query('page') _page: number, @Query('name') _name?: string): Promise<Bot[]> {
      return [];
    }

    @ApiNotFoundResponse({ description: 'No such bot' })
    @Cached(
      CachePut({ cache: bots, select: (bot: Bot) => [bot.id] }),
      CacheEvict({ cache: bots, all: true, before: true }),
    )
    @Patch(':id')
    async update(@Param('id', ParseIntPipe) id: number, @Body() _changes: Bot): Promise<Bot> {
      return { id };
    }

    @Delete(':id')
    @Cached(CacheEvict({ cache: bots, select: (_result: void, id: number) => [id] }))
    async remove(@Param('id', ParseIntPipe) _id: number): Promise<void> {}
  }
  return BotsController;
}

async function documentOf(platform: Platform, isCached: boolean): Promise<OpenAPIObject> {
  const app = await startHttp(platform, { controllers: [controllerWith(isCached)] }, { namespace: 'test' });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().setTitle('Bots').build());
  await app.close();
  return document;
}

describe.each(PLATFORMS)('the Swagger document on %s', (_name, platform) => {
  it('is the one of the same controller without caches', async () => {
    const document = await documentOf(platform, true);

    expect(document).toEqual(await documentOf(platform, false));
    expect(Object.keys(document.paths)).toEqual(['/bots/{id}', '/bots']);
    expect(document.paths['/bots/{id}']?.get).toMatchObject({
      operationId: 'BotsController_find',
      summary: 'Finds a bot',
      parameters: [{ name: 'id', in: 'path', schema: { type: 'number' } }],
    });
    expect(Object.keys(document.components?.schemas ?? {})).toEqual(['Bot']);
  });
});
