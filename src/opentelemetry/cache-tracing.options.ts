import type { TracerProvider } from '@opentelemetry/api';

/** Options of `CacheTracingModule`. */
export interface CacheTracingOptions {
  /** Who makes the spans. @default the provider that is registered globally */
  readonly tracerProvider?: TracerProvider;
  /** Whether spans of loads say which keys are loaded. Keys may hold what is nobody's business. @default false */
  readonly keys?: boolean;
  /** Whether operations on Redis have spans, inside of other spans. @default true */
  readonly redis?: boolean;
}
