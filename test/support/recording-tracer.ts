import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  trace,
  type Attributes,
  type Context,
  type ContextManager,
  type Exception,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';

/** A span as it was made, in the order in which spans began. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: number | undefined;
  readonly attributes: Attributes;
  readonly parent: string | undefined;
  readonly exceptions: Exception[];
  status: number | undefined;
  ended: boolean;
}

/** Keeps the context over promises, as the SDK's own does. */
export class AsyncContextManager implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.storage.run(context, () => fn.call(thisArg, ...args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}

/** Makes spans that the test can look at. There is no SDK: only what the API asks of one. */
export class RecordingProvider implements TracerProvider {
  readonly spans: RecordedSpan[] = [];
  private readonly names = new Map<string, string>();

  /** @param manager what is registered as the context manager */
  constructor(private readonly manager: ContextManager) {}

  getTracer(): Tracer {
    const startSpan = (name: string, options?: SpanOptions, context?: Context) =>
      this.start(name, options, context ?? this.manager.active());
    const startActiveSpan = (name: string, ...rest: unknown[]) => {
      const run = rest.at(-1) as (span: Span) => unknown;
      const span = startSpan(name, rest.length > 1 ? (rest[0] as SpanOptions) : undefined);
      return this.manager.with(trace.setSpan(this.manager.active(), span), () => run(span));
    };
    return { startSpan, startActiveSpan };
  }

  private start(name: string, options: SpanOptions | undefined, context: Context): Span {
    const parent = trace.getSpan(context)?.spanContext().spanId;
    const spanContext: SpanContext = {
      traceId: '1'.repeat(32),
      spanId: String(this.names.size + 1).padStart(16, '0'),
      traceFlags: 1,
    };
    this.names.set(spanContext.spanId, name);
    const record: RecordedSpan = {
      name,
      kind: options?.kind,
      attributes: options?.attributes ?? {},
      parent: parent === undefined ? undefined : this.names.get(parent),
      exceptions: [],
      status: undefined,
      ended: false,
    };
    this.spans.push(record);
    const span: Span = {
      spanContext: () => spanContext,
      setAttribute: () => span,
      setAttributes: () => span,
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: ({ code }) => {
        record.status = code;
        return span;
      },
      updateName: () => span,
      end: () => (record.ended = true),
      isRecording: () => !record.ended,
      recordException: (exception) => record.exceptions.push(exception),
    };
    return span;
  }
}
