import { Cluster, Redis, type Command } from 'ioredis';
import type { Invalidation } from '../../../src/engine/bus.js';
import type { EngineUnderTest } from '../../support/engine.js';

interface Request {
  /** Others may be told something by it. */
  readonly publishes: boolean;
  readonly carry: () => Promise<void>;
}

/** A connection: what lies on it keeps its order. */
interface Lane {
  readonly requests: Request[];
  readonly replies: (() => void)[];
}

interface Message {
  readonly names: readonly string[];
  readonly arrive: () => void;
}

/** Something that can move: commands of one connection to Redis, replies of one to the engine, or bus messages. */
export type Way = { readonly kind: 'carry' | 'answer'; readonly lane: string } | { readonly kind: 'hear' };

/** Begins the keys of messages that only show that those before them have come. */
const BARRIER = 'barrier:';

/** What a message about an eviction names, as texts. */
export function namesIn({ keys = [], tags = [], patterns = [] }: Invalidation): readonly string[] {
  return [
    ...keys.map((key) => `key ${key}`),
    ...tags.map((tag) => `tag ${tag}`),
    ...patterns.map((pattern) => `pattern ${pattern}`),
  ];
}

/** The message that {@link Line.barrier} waits for. */
export function barrierMessage(number: number): string {
  return JSON.stringify({ i: 'test', e: `${BARRIER}${number}` });
}

/**
 * The way between one engine and Redis, held in the test's hands: commands, replies and bus messages each come in
 * their order, and not before the test lets them. Between them everything may happen, as in a real network. On a
 * cluster, there is a connection to each master.
 */
export class Line {
  private readonly lanes = new Map<string, Lane>();
  private readonly messages: Message[] = [];
  private readonly awaited = new Map<string, () => void>();
  private readonly undo: (() => void)[] = [];
  /** Whether a command of the cluster's client is on its way to one of its nodes. */
  private isPassing = false;

  constructor(
    { runtime }: EngineUnderTest,
    private readonly onHeard: () => void,
  ) {
    const { connection, bus } = runtime.redis!;
    const { client } = connection;
    const nodes = client instanceof Cluster ? mastersOf(client) : [client];
    // A machine that is too busy to answer in time is not what is tested.
    for (const { options } of [...nodes, bus['subscriber']]) delete options.socketTimeout;
    if (client instanceof Cluster) this.holdCluster(client, bus.channel);
    for (const node of nodes) this.holdNode(node, bus.channel);
    this.holdMessages(runtime.engine.coherence);
  }

  /** Whether nothing is under way. */
  get isIdle(): boolean {
    return this.isSilent && this.messages.length === 0;
  }

  /** Whether neither side has an answer to wait for. */
  get isSilent(): boolean {
    return [...this.lanes.values()].every(({ requests, replies }) => requests.length + replies.length === 0);
  }

  /** What can move now. */
  get ways(): readonly Way[] {
    const ways = [...this.lanes].flatMap(([lane, { requests, replies }]): Way[] => [
      ...(requests.length > 0 ? [{ kind: 'carry' as const, lane }] : []),
      ...(replies.length > 0 ? [{ kind: 'answer' as const, lane }] : []),
    ]);
    return this.messages.length > 0 ? [...ways, { kind: 'hear' }] : ways;
  }

  /** Whether a message that names one of these is still to come. */
  isToHearOf(names: readonly string[]): boolean {
    return this.messages.some((message) => message.names.some((name) => names.includes(name)));
  }

  /** The connections on which commands are to be carried: one of them, or all. */
  lanesToCarry(lane?: string): readonly string[] {
    return this.some(lane).flatMap(([name, { requests }]) => (requests.length > 0 ? [name] : []));
  }

  /** Lets commands of a connection reach Redis, which answers. Tells whether something may have been published. */
  async carry(name: string, count = Infinity): Promise<boolean> {
    const moved = this.lanes.get(name)?.requests.splice(0, count) ?? [];
    await Promise.all(moved.map(({ carry }) => carry()));
    return moved.some(({ publishes }) => publishes);
  }

  /** Lets replies reach the engine: of one connection, or of all. */
  answer(count = Infinity, lane?: string): void {
    const replies = this.some(lane).flatMap(([, way]) => way.replies.splice(0, count));
    for (const reply of replies) reply();
  }

  /** Lets bus messages reach the engine. */
  hear(count = Infinity): void {
    for (let left = count; left > 0 && this.messages.length > 0; left -= 1) {
      this.messages.shift()?.arrive();
      this.onHeard();
    }
  }

  /** Resolves when a message of that number, and hence all before it, has come to this end. */
  barrier(number: number): Promise<void> {
    const key = `${BARRIER}${number}`;
    return new Promise((resolve) => {
      this.awaited.set(key, () => {
        this.awaited.delete(key);
        resolve();
      });
    });
  }

  /** Gives the way back to the engine. What is under way goes on. */
  async release(): Promise<void> {
    for (const undo of this.undo) undo();
    for (const name of this.lanesToCarry()) await this.carry(name);
    this.answer();
    this.hear();
  }

  private some(lane: string | undefined): readonly (readonly [string, Lane])[] {
    return [...this.lanes].filter(([name]) => lane === undefined || name === lane);
  }

  /** Commands by their key, which the client sends to the master that has it. */
  private holdCluster(client: Cluster, channel: string): void {
    const send = client.sendCommand.bind(client);
    client.sendCommand = (command: Command, stream, node) => {
      const lane = client.slots[command.getSlot() ?? -1]?.[0] ?? '';
      return this.hold(lane, command, channel, async () => {
        this.isPassing = true;
        const reply = send(command, stream, node);
        this.isPassing = false;
        return reply;
      });
    };
    this.undo.push(() => {
      client.sendCommand = send;
    });
  }

  /** Commands to one server. */
  private holdNode(node: Redis, channel: string): void {
    const send = node.sendCommand.bind(node);
    const lane = addressOf(node);
    this.lanes.set(lane, { requests: [], replies: [] });
    node.sendCommand = (command: Command, stream) => {
      if (this.isPassing) return send(command, stream);
      return this.hold(lane, command, channel, async () => send(command, stream));
    };
    this.undo.push(() => {
      node.sendCommand = send;
    });
  }

  private hold(
    name: string,
    { args }: Command,
    channel: string,
    send: () => Promise<unknown>,
  ): Promise<unknown> {
    const lane = this.lanes.get(name);
    if (lane === undefined) throw new Error(`There is no connection to ${name}.`);
    return new Promise((resolve, reject) => {
      const carry = () =>
        send().then(
          (reply) => void lane.replies.push(() => resolve(reply)),
          (error: unknown) => void lane.replies.push(() => reject(error)),
        );
      lane.requests.push({ carry, publishes: args.some((arg) => arg === channel) });
    });
  }

  private holdMessages(coherence: EngineUnderTest['runtime']['engine']['coherence']): void {
    const invalidated = coherence.invalidated.bind(coherence);
    const loadEnded = coherence.loadEnded.bind(coherence);
    coherence.invalidated = (invalidation) => {
      this.messages.push({ names: namesIn(invalidation), arrive: () => invalidated(invalidation) });
    };
    coherence.loadEnded = (key, ending) => {
      if (key.startsWith(BARRIER)) this.awaited.get(key)?.();
      else this.messages.push({ names: [], arrive: () => loadEnded(key, ending) });
    };
    this.undo.push(() => {
      coherence.invalidated = invalidated;
      coherence.loadEnded = loadEnded;
    });
  }
}

/** The address of a server as the slot table of a cluster has it. */
export function addressOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}

/** In the order of their slots: replays need the same order, and ports differ. */
function mastersOf(cluster: Cluster): readonly Redis[] {
  const owners = [...new Set(cluster.slots.map(([master]) => master))];
  return cluster
    .nodes('master')
    .toSorted((a, b) => owners.indexOf(addressOf(a)) - owners.indexOf(addressOf(b)));
}
