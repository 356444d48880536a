import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { type CacheRead, CacheService } from 'nestjs-roost';
import { from, lastValueFrom, type Observable } from 'rxjs';

/** Metadata of a route: the name of the cache that its `X-Cache` header tells about. */
export const REPORTED_CACHE = 'bots:reported-cache';

/** Sets `X-Cache` from the engine's own record of the reads that the route's handler made, on errors, too. */
@Injectable()
export class XCacheInterceptor implements NestInterceptor {
  constructor(
    private readonly caches: CacheService,
    private readonly adapterHost: HttpAdapterHost,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    return from(this.traced(context, next));
  }

  private async traced(context: ExecutionContext, next: CallHandler<unknown>): Promise<unknown> {
    // Settled, for the record is lost when the traced work throws.
    const { result, reads } = await this.caches.trace(() =>
      Promise.allSettled([lastValueFrom(next.handle())]),
    );
    const cache = this.reflector.get<string>(REPORTED_CACHE, context.getHandler());
    // Of many entries each way in which some of them were served, once.
    const ways = new Set(reads.filter((read) => read.cache === cache).map(describe));
    if (ways.size > 0) {
      const response: unknown = context.switchToHttp().getResponse();
      this.adapterHost.httpAdapter.setHeader(response, 'X-Cache', [...ways].join(', '));
    }
    const [outcome] = result;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }
}

/** `MISS`, `HIT; tier=l1`, `HIT; tier=l2`, `STALE` or `BYPASS`. */
function describe({ outcome, tier }: CacheRead): string {
  return outcome === 'hit' && tier !== undefined ? `HIT; tier=${tier}` : outcome.toUpperCase();
}
