import { isRefused } from '../../resilience/gate.js';
import { beforeDeadline } from '../../engine/before-deadline.js';
import type { Bus, FleetListener, Invalidation } from '../../engine/bus.js';
import type { Channel } from '../../engine/channel.js';
import type { BusEvent } from '../../engine/events.js';
import type { LoadEnding } from '../../engine/load-waiters.js';
import { newToken } from '../../engine/token.js';
import type { RedisClient, RedisNode } from '../redis/redis-client.js';
import { topologyOf, type RedisTopology } from '../redis/redis-topology.js';
import { decodeMessage, encodeInvalidation, encodeLoadEnded, encodeSwitched } from './bus-message.js';
import { BusLag } from './bus-lag.js';
import { MessageGaps } from './message-gaps.js';

/** How often the subscription is asked for a sign of life, and how long the answer may take, milliseconds. */
const HEARTBEAT_MS = 500;
/** How long a connection may take to subscribe, milliseconds. */
const SUBSCRIBE_MS = 1000;
/** How long to wait before asking again for a subscription that was refused, milliseconds. */
const REFUSED_MS = 1000;
const NO_ANSWER = new Error('no answer');
/** Most keys, tags or patterns in one message. */
const MAX_ITEMS = 500;

interface Pending {
  readonly keys: Set<string>;
  readonly tags: Set<string>;
  readonly patterns: Set<string>;
}

/** What the bus needs beside its two connections. */
export interface BusSurroundings {
  /** The connections that messages are sent through have to prove that they live. */
  readonly doubt: () => void;
  readonly onProblem: (operation: string, error: unknown) => void;
  /** Where is told how long messages take, and how the subscription fares. */
  readonly events?: Channel<BusEvent>;
}

/**
 * The bus over Redis pub/sub. What is evicted in one turn of the event loop goes out in one message; messages
 * are numbered, so that a lost one is noticed. A heartbeat on the subscription itself notices a connection
 * that is open and dead.
 *
 * On a cluster, messages are sent and received on one node, see `RedisTopology.home`; the subscription follows when
 * that becomes another one.
 */
export class RedisBus implements Bus {
  /** Names this instance in messages, so that it can ignore its own. */
  readonly instance = newToken();
  private readonly topology: RedisTopology;
  private readonly gaps = new MessageGaps();
  private readonly lag: BusLag;
  private isArmed = false;
  private isClosed = false;
  private isBeating = false;
  private since = Date.now();
  private sent = 0;
  private pending: Pending | undefined;
  private flushing: Promise<void> | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private opened: (() => void) | undefined;

  constructor(
    publisher: RedisClient,
    private readonly subscriber: RedisNode,
    readonly channel: string,
    private readonly listener: FleetListener,
    private readonly surroundings: BusSurroundings,
  ) {
    this.topology = topologyOf(publisher);
    this.lag = new BusLag(surroundings.events);
    subscriber.on('ready', () => void this.subscribe());
    subscriber.on('reconnecting', () => this.aim());
    subscriber.on('close', () => this.break('the connection closed'));
    subscriber.on('message', (_channel: string, text: string) => this.receive(text));
    // Told by `close`, which follows.
    subscriber.on('error', () => undefined);
  }

  get armed(): boolean {
    return this.isArmed;
  }

  /** Since when it is armed, or is not: milliseconds since the epoch. */
  get changedAt(): number {
    return this.since;
  }

  publish({ keys = [], tags = [], patterns = [] }: Invalidation): Promise<void> {
    const pending = (this.pending ??= { keys: new Set(), tags: new Set(), patterns: new Set() });
    for (const key of keys) pending.keys.add(key);
    for (const tag of tags) pending.tags.add(tag);
    for (const pattern of patterns) pending.patterns.add(pattern);
    this.flushing ??= new Promise((resolve, reject) => {
      setImmediate(() => void this.flush().then(resolve, reject));
    });
    return this.flushing;
  }

  /** The message that tells waiting instances how the load of a key has ended. Scripts publish it. */
  loadEndedMessage(key: string, ending: LoadEnding): string {
    return encodeLoadEnded(this.instance, key, ending);
  }

  /** The message that tells the others that a switch was turned. The script that does it publishes it. */
  get switchedMessage(): string {
    return encodeSwitched(this.instance);
  }

  /** Connects and subscribes; resolves when that succeeded or failed. The client goes on trying by itself. */
  async open(): Promise<void> {
    if (this.isClosed) return;
    const subscribed = new Promise<void>((resolve) => {
      this.opened = resolve;
    });
    this.aim();
    await this.subscriber.connect().then(
      () => subscribed,
      () => undefined,
    );
  }

  close(): void {
    this.isClosed = true;
    this.break();
    this.subscriber.disconnect();
  }

  private async flush(): Promise<void> {
    const pending = this.pending;
    this.pending = undefined;
    this.flushing = undefined;
    if (pending === undefined) return;
    const messages = inParts(pending).map((what) => {
      this.sent += 1;
      this.lag.sent(this.sent);
      return encodeInvalidation(this.instance, this.sent, what);
    });
    const home = this.topology.home(this.channel);
    if (home === undefined) throw new Error('No master of the cluster is connected.');
    await Promise.all(messages.map((message) => home.publish(this.channel, message)));
  }

  private async subscribe(): Promise<void> {
    try {
      await beforeDeadline(
        SUBSCRIBE_MS,
        () => this.subscribeAndPing(),
        () => NO_ANSWER,
      );
    } catch (error) {
      this.surroundings.onProblem('subscribe', error);
      // Hung: begin again with a new connection, which the client makes with backoff. A new one would be refused, too.
      if (isRefused(error)) this.retry = setTimeout(() => void this.subscribe(), REFUSED_MS).unref();
      else this.subscriber.disconnect(true);
      return;
    } finally {
      this.opened?.();
    }
    this.gaps.reset();
    this.isArmed = true;
    this.since = Date.now();
    this.listener.armed();
    this.tell({ kind: 'armed' });
    clearInterval(this.heartbeat);
    this.heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  private async subscribeAndPing(): Promise<void> {
    await this.subscriber.subscribe(this.channel);
    // Who refuses that is in no state to pass on messages.
    await this.subscriber.ping();
  }

  /** Makes the subscriber's next connection lead to where messages are sent now. */
  private aim(): void {
    const home = this.topology.home(this.channel);
    if (home === undefined) return;
    const { host, port } = home.options;
    Object.assign(this.subscriber.options, { host, port });
    // If it hangs, the connection that sends there has to find out, or it would be taken for home again.
    if (home.status === 'ready') this.surroundings.doubt();
  }

  /** A subscription whose connection is dead without saying so looks like one on which nothing happens. */
  private async beat(): Promise<void> {
    if (this.isBeating) return;
    this.isBeating = true;
    const heard = this.lag.beat();
    try {
      await beforeDeadline(
        HEARTBEAT_MS,
        () => this.subscriber.ping(),
        () => NO_ANSWER,
      );
      heard();
      this.followHome();
    } catch (error) {
      if (!this.isArmed) return;
      if (!isRefused(error)) return this.begin('no answer to the heartbeat');
      // While a script keeps it busy, no message is lost; a replica without a master may miss some.
      if (error.message.startsWith('BUSY')) return;
      this.break('Redis refuses the heartbeat');
      this.retry = setTimeout(() => void this.subscribe(), REFUSED_MS).unref();
    } finally {
      this.isBeating = false;
    }
  }

  private followHome(): void {
    const home = this.topology.home(this.channel);
    if (home === undefined || !this.isArmed) return;
    const { host, port } = this.subscriber.options;
    if (host === home.options.host && port === home.options.port) return;
    this.begin('another node of the cluster has taken over');
  }

  /** Begins anew with another connection. */
  private begin(reason: string): void {
    this.break(reason);
    this.subscriber.disconnect(true);
  }

  /** @param reason none, when it is wanted */
  private break(reason?: string): void {
    clearInterval(this.heartbeat);
    clearTimeout(this.retry);
    if (!this.isArmed) return;
    this.isArmed = false;
    this.since = Date.now();
    this.lag.forget();
    this.listener.broken(reason);
    this.tell({ kind: 'broken', reason });
  }

  private receive(text: string): void {
    if (!this.isArmed) return;
    const message = decodeMessage(text);
    if (message === undefined) return this.distrust('a message that is not one');
    if (message.kind === 'load ended') return this.listener.loadEnded(message.key, message.ending);
    if (message.from === this.instance) {
      if (message.kind === 'invalidation') this.lag.heard(message.number);
      return;
    }
    if (message.kind === 'switched') return this.listener.switched();
    if (this.gaps.isGap(message.from, message.number)) return this.distrust('a message was lost');
    this.listener.invalidated(message.what);
  }

  /** What memory holds may be wrong, but from here on messages arrive. */
  private distrust(reason: string): void {
    this.listener.broken(reason);
    this.listener.armed();
    this.tell({ kind: 'broken', reason });
    this.tell({ kind: 'armed' });
  }

  private tell(event: BusEvent): void {
    const { events } = this.surroundings;
    if (events?.active === true) events.emit(event);
  }
}

function inParts({ keys, tags, patterns }: Pending): Invalidation[] {
  const parts: Invalidation[] = [];
  for (const [kind, items] of Object.entries({ keys: [...keys], tags: [...tags], patterns: [...patterns] })) {
    for (let from = 0; from < items.length; from += MAX_ITEMS) {
      parts.push({ [kind]: items.slice(from, from + MAX_ITEMS) });
    }
  }
  return parts;
}
