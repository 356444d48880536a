import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import type { CacheDefinition } from 'nestjs-roost';

import { REPORTED_CACHE, XCacheInterceptor } from './x-cache.interceptor.js';

/** The route answers with an `X-Cache` header that tells how this cache served the request. */
export const ReportsCache = (cache: Pick<CacheDefinition, 'name'>): MethodDecorator =>
  applyDecorators(SetMetadata(REPORTED_CACHE, cache.name), UseInterceptors(XCacheInterceptor));
