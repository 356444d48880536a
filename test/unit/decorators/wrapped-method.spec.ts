import 'reflect-metadata';
import { SetMetadata } from '@nestjs/common';
import { CacheEvict, CachePut, Cacheable, defineCache, key } from 'nestjs-roost';
import { cachePlanOf, plannedDefinitions } from '../../../src/decorators/plan-registry.js';

const bots = defineCache({ name: 'bots', key: (id: string) => key`bot:${id}`, ttl: '5m' });

/** A decorator of somebody else's that wraps the method, as those for retries and spans do. */
function Foreign(): MethodDecorator {
  return (_target, _property, descriptor: PropertyDescriptor) => {
    const original = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return Reflect.apply(original, this, args);
    };
  };
}

/** A decorator of somebody else's that marks the function. */
function Marked(mark: string): MethodDecorator {
  return (_target, _property, descriptor: PropertyDescriptor) => {
    Object.assign(descriptor.value as object, { mark });
  };
}

function descriptorOf(owner: object, name: string): PropertyDescriptor {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  if (descriptor === undefined) throw new Error(`No ${name}`);
  return descriptor;
}

describe('a wrapped method', () => {
  class Plain {
    async find(id: string, _size = 1, ..._rest: string[]): Promise<string> {
      return id;
    }
  }

  class Decorated {
    @SetMetadata('above', 1)
    @Cacheable(bots, (id: string) => [id])
    @SetMetadata('below', { deep: [1] })
    @Marked('mine')
    async find(id: string, _size = 1, ..._rest: string[]): Promise<string> {
      return id;
    }
  }

  const wrapped = descriptorOf(Decorated.prototype, 'find');
  const method = wrapped.value as (...args: unknown[]) => Promise<unknown>;

  it('keeps name and length', () => {
    expect(method.name).toBe('find');
    expect(method).toHaveLength(Plain.prototype.find.length);
    expect(method).toHaveLength(1);
  });

  it('keeps what other decorators put on the function', () => {
    expect(Reflect.get(method, 'mark')).toBe('mine');
  });

  it('keeps metadata of decorators below and above', () => {
    expect(Reflect.getMetadata('below', method)).toEqual({ deep: [1] });
    expect(Reflect.getMetadata('above', method)).toBe(1);
    expect(new Set(Reflect.getMetadataKeys(method))).toEqual(new Set(['above', 'below']));
  });

  it('keeps the metadata of types', () => {
    expect(Reflect.getMetadata('design:returntype', Decorated.prototype, 'find')).toBe(Promise);
    expect(Reflect.getMetadata('design:paramtypes', Decorated.prototype, 'find')).toHaveLength(3);
  });

  it('is a member like any other: not enumerable, can be replaced, is no constructor', () => {
    const { value, ...attributes } = descriptorOf(Plain.prototype, 'find');
    expect(wrapped).toMatchObject(attributes);
    expect(Object.getOwnPropertyNames(method).toSorted()).toEqual(
      [...Object.getOwnPropertyNames(value), 'mark'].toSorted(),
    );
    expect(() => Reflect.construct(method, [])).toThrow(TypeError);
    expect(Object.keys(new Decorated())).toEqual([]);
  });

  it('is wrapped once, however many decorators there are and whatever stands between them', () => {
    const wrappers: unknown[] = [];
    const note: MethodDecorator = (_target, _property, descriptor) => {
      wrappers.push(descriptor.value);
    };

    class Many {
      @note
      @CacheEvict({ cache: bots, all: true })
      @CachePut({ cache: bots, select: (id: string) => [id] })
      @note
      @Foreign()
      @note
      @Cacheable(bots)
      @CacheEvict({ cache: bots, select: (id: string) => [id] })
      @note
      async find(id: string): Promise<string> {
        return id;
      }
    }

    const [original, first, foreign, last] = wrappers;
    expect(first).not.toBe(original);
    expect(foreign).not.toBe(first);
    expect(last).toBe(foreign);
    const plan = cachePlanOf(Many.prototype, 'find');
    expect(plan?.where).toBe('Many.find');
    expect(plan?.reads).toHaveLength(1);
    expect(plan?.puts).toHaveLength(1);
    expect(plan?.evictions).toHaveLength(2);
  });

  it('has a plan of its own in each class that overrides it', () => {
    class Base {
      @Cacheable({ ttl: '1m' })
      async find(id: string): Promise<string> {
        return id;
      }

      @Cacheable(bots)
      async load(id: string): Promise<string> {
        return id;
      }
    }
    class Redecorated extends Base {
      @CacheEvict({ cache: bots, all: true })
      override async find(id: string): Promise<string> {
        return super.find(id);
      }
    }
    class Undecorated extends Base {
      override async find(id: string): Promise<string> {
        return super.find(id);
      }
    }
    class Heir extends Base {}

    expect(cachePlanOf(Base.prototype, 'find')?.reads).toHaveLength(1);
    expect(cachePlanOf(Redecorated.prototype, 'find')?.reads).toEqual([]);
    expect(cachePlanOf(Undecorated.prototype, 'find')).toBeUndefined();
    expect(cachePlanOf(Heir.prototype, 'find')).toBe(cachePlanOf(Base.prototype, 'find'));
    expect(cachePlanOf(Heir.prototype, 'toString')).toBeUndefined();
  });

  it('can have a symbol for a name', () => {
    const hidden = Symbol('hidden');
    class Keyed {
      @Cacheable({ ttl: '1m' })
      async [hidden](id: string): Promise<string> {
        return id;
      }
    }

    expect(plannedDefinitions(Keyed.prototype).map(({ definition }) => definition.name)).toEqual([
      'Keyed.hidden',
    ]);
    expect(Keyed.prototype[hidden].name).toBe('[hidden]');
  });
});
