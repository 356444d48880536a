import { Scope, SetMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { ContextIdFactory, ExternalContextCreator, MetadataScanner, type ModuleRef } from '@nestjs/core';
import type { ParamsFactory } from '@nestjs/core/helpers/external-context-creator.js';

const RESOLVES = 'test:resolves';

/** What a GraphQL server calls a resolver with. */
export interface Query {
  readonly parent?: unknown;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly context?: unknown;
}

type Source = keyof Query;

const SOURCES: readonly Source[] = ['parent', 'args', 'context'];

/** Marks a method as the one that resolves a query, a mutation or a field, as @nestjs/graphql’s decorators do. */
export const Resolves = (name: string): MethodDecorator => SetMetadata(RESOLVES, name);

/** One of the arguments of the query. */
export const Args = (name: string, ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]) =>
  parameter('args', name, pipes);

/** What the field belongs to. */
export const Parent = () => parameter('parent', undefined, []);

/** What the server has made of the request. */
export const Context = () => parameter('context', undefined, []);

function parameter(source: Source, data: string | undefined, pipes: readonly unknown[]): ParameterDecorator {
  return ({ constructor }, property, index) => {
    if (property === undefined) throw new Error('Expected a parameter of a method.');
    const known = Reflect.getMetadata(ROUTE_ARGS_METADATA, constructor, property) as object | undefined;
    const own = { [`${SOURCES.indexOf(source)}:${index}`]: { index, data, pipes } };
    Reflect.defineMetadata(ROUTE_ARGS_METADATA, { ...known, ...own }, constructor, property);
  };
}

const paramsFactory: ParamsFactory = {
  exchangeKeyForValue(type, data, args: readonly unknown[]) {
    const value = args[type];
    return typeof data === 'string' ? (value as Record<string, unknown> | undefined)?.[data] : value;
  },
};

/** Calls the methods that resolve, through Nest’s guards, pipes and interceptors, as @nestjs/graphql does. */
export class Resolvers {
  constructor(
    private readonly app: ModuleRef,
    private readonly types: readonly Type<object>[],
  ) {}

  /** Resolves a query, a mutation or a field. */
  async resolve(name: string, { parent, args = {}, context = {} }: Query = {}): Promise<unknown> {
    const { type, method } = this.#find(name);
    const contextId = ContextIdFactory.create();
    this.app.registerRequestByContextId(context, contextId);
    // One that is no request's own comes as it is.
    const instance = await this.app.resolve(type, contextId, { strict: false });
    const handler = this.app
      .get(ExternalContextCreator, { strict: false })
      .create(
        instance,
        Reflect.get(instance, method) as (...args: unknown[]) => unknown,
        method,
        ROUTE_ARGS_METADATA,
        paramsFactory,
        this.app.introspect(type).scope === Scope.REQUEST ? contextId : undefined,
        undefined,
        undefined,
        'graphql',
      );
    return handler(parent, args, context) as Promise<unknown>;
  }

  #find(name: string): { readonly type: Type<object>; readonly method: string } {
    for (const type of this.types) {
      const { prototype } = type as { readonly prototype: object };
      for (const method of new MetadataScanner().getAllMethodNames(prototype)) {
        const callback: unknown = Reflect.get(prototype, method);
        if (Reflect.getMetadata(RESOLVES, callback as object) === name) return { type, method };
      }
    }
    throw new Error(`Expected a method that resolves ${name}.`);
  }
}
