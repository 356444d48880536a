import { Redis } from 'ioredis';
import type { CacheRuntime } from '../../src/cache.runtime.js';
import type { Footprint, Gauges } from './fault-protocol.js';
import { wrapMethod } from './fleet-wrap.js';

const NONE: Gauges = { inFlight: 0, commands: 0, unwritten: 0, connections: 0, evictions: 0 };

/** What ioredis keeps to itself. */
interface Insides {
  readonly commandQueue?: { readonly length: number };
  readonly offlineQueue?: { readonly length: number };
  readonly stream?: { readonly writableLength?: number } | null;
}

/** Looks at what a process has under way. From its making on it knows every connection that ioredis opens. */
export class FaultGauges {
  /** Weakly: a connection that the library has let go must not live on because of this. */
  private readonly clients = new Set<WeakRef<Redis>>();
  private most: Gauges = NONE;

  constructor() {
    const { clients } = this;
    wrapMethod(
      Redis.prototype,
      'connect',
      (connect) =>
        function (this: Redis, ...args) {
          if (![...clients].some((client) => client.deref() === this)) clients.add(new WeakRef(this));
          return connect.apply(this, args);
        },
    );
  }

  /** The most that each gauge has shown so far. */
  get peak(): Gauges {
    return this.most;
  }

  read({ engine, redis }: CacheRuntime): Gauges {
    const gauges = { ...NONE, inFlight: engine.reads.inFlight + engine.background.size };
    for (const reference of this.clients) {
      const client = reference.deref();
      if (client === undefined || client.status === 'end') {
        this.clients.delete(reference);
        continue;
      }
      const { commandQueue, offlineQueue, stream } = client as unknown as Insides;
      gauges.commands += (commandQueue?.length ?? 0) + (offlineQueue?.length ?? 0);
      gauges.unwritten += stream?.writableLength ?? 0;
      gauges.connections += 1;
    }
    gauges.evictions = redis?.guard.queued ?? 0;
    this.most = largest(this.most, gauges);
    return gauges;
  }

  /** The gauges, and the heap after a collection of garbage. */
  async footprint(runtime: CacheRuntime): Promise<Footprint> {
    // Twice, a turn apart: what the first run lets go of holds more.
    for (let run = 0; run < 2; run++) {
      global.gc?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { ...this.read(runtime), heapBytes: process.memoryUsage().heapUsed };
  }
}

function largest(a: Gauges, b: Gauges): Gauges {
  return {
    inFlight: Math.max(a.inFlight, b.inFlight),
    commands: Math.max(a.commands, b.commands),
    unwritten: Math.max(a.unwritten, b.unwritten),
    connections: Math.max(a.connections, b.connections),
    evictions: Math.max(a.evictions, b.evictions),
  };
}
