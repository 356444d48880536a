import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import type { CacheService } from '../cache.service.js';
import { refuseUnknown } from '../known-options.js';
import { CACHE_SERVICE } from '../tokens.js';
import { TRACING_OPTIONS } from './cache-tracing.builder.js';
import type { CacheTracingOptions } from './cache-tracing.options.js';

const KNOWN = ['tracerProvider', 'keys', 'redis'];

/** Puts loads and operations on Redis into spans; what they do themselves comes inside of them. */
@Injectable()
export class CacheTracing implements OnApplicationShutdown {
  private readonly tracer: Tracer;
  private readonly stops: (() => void)[] = [];

  constructor(
    @Inject(CACHE_SERVICE) { around }: CacheService,
    @Inject(TRACING_OPTIONS) options: CacheTracingOptions,
  ) {
    refuseUnknown(options, KNOWN, '', 'CacheTracingModule');
    const { tracerProvider, keys: showsKeys = false, redis = true } = options;
    this.tracer = (tracerProvider ?? trace).getTracer('nestjs-roost');
    this.stops.push(
      around.aroundLoads.add(({ cache, keys }, run) => {
        const attributes: Attributes = {
          'nestjs_roost.cache': cache,
          'nestjs_roost.key_count': keys.length,
          ...(showsKeys && { 'nestjs_roost.keys': [...keys] }),
        };
        return this.span(`load ${cache}`, { kind: SpanKind.INTERNAL, attributes }, run);
      }),
    );
    if (!redis) return;
    this.stops.push(
      around.aroundRedis.add(({ operation }, run) => {
        // What the module does by itself, such as to look for switches, would be a trace each time.
        if (trace.getActiveSpan() === undefined) return run();
        const attributes = { 'db.system.name': 'redis', 'nestjs_roost.operation': operation };
        return this.span(`redis ${operation}`, { kind: SpanKind.CLIENT, attributes }, run);
      }),
    );
  }

  onApplicationShutdown(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  private span(name: string, options: SpanOptions, run: () => Promise<unknown>): Promise<unknown> {
    return this.tracer.startActiveSpan(name, options, async (span) => {
      try {
        return await run();
      } catch (error) {
        fail(span, error);
        throw error;
      } finally {
        span.end();
      }
    });
  }
}

function fail(span: Span, error: unknown): void {
  span.recordException(error instanceof Error ? error : String(error));
  span.setStatus({ code: SpanStatusCode.ERROR });
}
