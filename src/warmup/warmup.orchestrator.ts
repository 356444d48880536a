import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { CacheWarmupEvent } from '../engine/events.js';
import type { OrchestratorParts } from './orchestrator-parts.js';
import { RedisBack } from './redis-back.js';
import { skip } from './skip.js';
import { StopSignal } from './stop-signal.js';
import { REDIS_LOST, WarmupExecution } from './warmup.execution.js';
import { WarmupLeader, type Bid } from './warmup.leader.js';
import { WarmupLine, type Place } from './warmup.line.js';
import type { WarmupJob, WarmupResult } from './warmup.registry.js';
import { REDIS_AWAY, TOO_MANY, WarmupReporter } from './warmup.reporter.js';
import { intervalOf, type Due } from './warmup.scheduler.js';
import { TriggerQueue } from './warmup.triggers.js';

/** Instances that start within that time of a run do not run it again, milliseconds. */
const BOOTS_APART_MS = 600_000;
/** How soon who waits for a run elsewhere looks again at the latest, milliseconds. */
const LOOK_AGAIN_MS = 1_000;

const THE_END = 'the application ends';
const UNDER_WAY = 'it is under way already';

type Trigger = WarmupResult['trigger'];

/** Runs warmups when they are due, at start, on events and by hand: in this instance or not at all. */
export class WarmupOrchestrator {
  private readonly logger = new Logger('CacheWarmup');
  private readonly line = new WarmupLine();
  private readonly leader: WarmupLeader;
  private readonly reporter: WarmupReporter;
  private readonly stopping = new StopSignal();
  private readonly gone = new StopSignal();
  private readonly queues = new Map<WarmupJob, TriggerQueue>();
  /** Those that run on events now. */
  private readonly bursts = new Map<WarmupJob, WarmupExecution>();
  private readonly unfollow: (() => void)[] = [];
  /** A run belongs to nobody's request, trace or transaction. */
  private readonly outside = AsyncLocalStorage.snapshot();

  constructor(private readonly parts: OrchestratorParts) {
    const { host, module, timing } = parts;
    this.leader = new WarmupLeader({
      timing,
      leases: () => host.jobs,
      now: () => host.clock.now(),
      leaseMs: module.lease,
    });
    this.reporter = new WarmupReporter(this.logger, (event) => this.emit(event));
  }

  /** Begins to listen to events. What they trigger runs from now on. */
  follow(): void {
    const { host, module, registry } = this.parts;
    for (const job of registry.all) {
      const { on } = job.options;
      if (on === undefined) continue;
      const queue = new TriggerQueue(module.maxWaitingEvents);
      this.queues.set(job, queue);
      job.waitingEvents = () => queue.size;
      if (module.enabled) {
        this.unfollow.push(host.followers.follow(on, (payload) => void this.trigger(job, payload)));
      }
    }
  }

  /** Begins what runs by itself. Resolves when those are over that the start waits for. */
  async begin(): Promise<void> {
    const { module, registry, scheduler, host } = this.parts;
    if (!module.enabled) return;
    for (const job of registry.all) {
      const { schedule, name } = job.options;
      if (schedule === undefined) continue;
      job.next = scheduler()?.add(name, schedule, (due) => void this.start(job, 'schedule', due));
    }
    const boots = registry.all.flatMap((job) => {
      if (job.options.onBoot === false) return [];
      const apart = Math.min(this.interval(job) * 0.9, BOOTS_APART_MS);
      const running = this.start(job, 'boot', { at: host.clock.now(), apart });
      return job.options.onBoot === 'wait' ? [running] : [];
    });
    await Promise.all(boots);
  }

  /** Begins nothing any more, and waits for what is under way, as long as the options say. */
  async end(): Promise<void> {
    const { module, registry, timing, scheduler } = this.parts;
    for (const stop of this.unfollow.splice(0)) stop();
    scheduler()?.stop();
    for (const queue of this.queues.values()) queue.clear();
    this.stopping.stop(THE_END);
    const ended = new AbortController();
    const running = Promise.all(registry.all.flatMap(({ current }) => current ?? []));
    await Promise.race([running, timing.sleep(module.shutdownDeadline, ended.signal)]);
    ended.abort();
    this.gone.stop(THE_END);
    // What hangs is let go of; leases are given back.
    await running;
  }

  /** Runs a warmup now. One that is under way here already is joined. */
  runByHand(job: WarmupJob, payload: unknown): Promise<WarmupResult> {
    return job.options.on === undefined
      ? this.start(job, 'hand', undefined)
      : this.triggerByHand(job, payload);
  }

  private async triggerByHand(job: WarmupJob, payload: unknown): Promise<WarmupResult> {
    const back = this.redisBack(job, false);
    return (await this.reached(job, back))
      ? this.trigger(job, payload)
      : this.skipped(job, 'event', REDIS_AWAY);
  }

  /** Waits until Redis answers; tells whether it did. */
  private async reached(job: WarmupJob, back: RedisBack): Promise<boolean> {
    while (!(await this.leader.reaches(job.options.name))) if (!(await back.comes())) return false;
    back.isHere();
    return true;
  }

  private trigger(job: WarmupJob, payload: unknown): Promise<WarmupResult> {
    const queue = this.queues.get(job)!;
    if (this.stopping.isStopped) return this.skipped(job, 'event', THE_END);
    if (!queue.add({ payload, since: this.parts.host.clock.now() })) {
      return this.skipped(job, 'event', TOO_MANY);
    }
    return this.drain(job, queue);
  }

  private drain(job: WarmupJob, queue: TriggerQueue): Promise<WarmupResult> {
    this.bursts.get(job)?.attend(queue);
    return this.occupy(job, async () => {
      const back = this.redisBack(job, true);
      while (await this.reached(job, back)) {
        const result = await this.inTurn(job, (place) => {
          const burst = this.execution(job, 'event', place);
          this.bursts.set(job, burst);
          return burst.events(queue);
        });
        this.bursts.delete(job);
        if (result.reason !== REDIS_LOST || this.stopping.isStopped) return result;
        // Its events wait again.
        this.tellEnd(job, result);
        job.state = 'waiting';
        await back.isLost();
      }
      return skip('event', THE_END);
    });
  }

  private start(job: WarmupJob, trigger: Trigger, due: Due | undefined): Promise<WarmupResult> {
    if (this.stopping.isStopped) return this.skipped(job, trigger, THE_END);
    if (job.current !== undefined && trigger !== 'hand') {
      return this.skipped(job, trigger, UNDER_WAY);
    }
    return this.occupy(job, () => this.lead(job, trigger, due));
  }

  /** Runs it, unless that is being done. */
  private occupy(job: WarmupJob, run: () => Promise<WarmupResult>): Promise<WarmupResult> {
    job.current ??= this.outside(async () => {
      const result = await run();
      job.current = undefined;
      job.state = 'idle';
      const queue = this.queues.get(job);
      // What has come since the last look.
      if (queue !== undefined && queue.size > 0 && !this.stopping.isStopped) void this.drain(job, queue);
      this.tellEnd(job, result);
      return result;
    });
    return job.current;
  }

  /** Asks for the right to run it until the run is over, here or elsewhere. Never rejects. */
  private async lead(job: WarmupJob, trigger: Trigger, due: Due | undefined): Promise<WarmupResult> {
    const { signal } = this.stopping;
    const bid = this.leader.bid(job.options.name, due, this.interval(job));
    const back = this.redisBack(job, !(trigger === 'hand' || (trigger === 'boot' && job.holdsStart)));
    while (!signal.aborted) {
      const result = await this.inTurn(job, (place) => this.attempt(job, trigger, bid, place));
      if (result === 'away') {
        if (await back.comes()) continue;
        await bid.giveUp();
        return skip(trigger, REDIS_AWAY);
      }
      if ('forMs' in result) {
        back.isHere();
        job.state = 'elsewhere';
        await this.pause(Math.min(result.forMs + 1, LOOK_AGAIN_MS));
        continue;
      }
      // One that was due is gone on with; who asked for one by hand hears of it.
      if (result.outcome !== 'stopped' || due === undefined || signal.aborted) return result;
      this.tellEnd(job, result);
      await back.isLost();
    }
    await bid.giveUp();
    return skip(trigger, THE_END);
  }

  private async attempt(
    job: WarmupJob,
    trigger: Trigger,
    bid: Bid,
    place: Place,
  ): Promise<WarmupResult | { readonly forMs: number } | 'away'> {
    if (this.stopping.isStopped) return skip(trigger, THE_END);
    let claimed: Awaited<ReturnType<Bid['ask']>>;
    try {
      claimed = await bid.ask();
    } catch (error) {
      this.parts.host.report(`warmup ${job.options.name}`, error);
      return 'away';
    }
    if (claimed.kind === 'held') return claimed;
    if (claimed.kind === 'done') return skip(trigger, 'it has been run elsewhere');
    if (claimed.kind === 'busy') {
      // Whatever run it is: the start waits for its end.
      return trigger === 'boot' && job.holdsStart
        ? { forMs: Infinity }
        : skip(trigger, 'another instance runs it');
    }
    const execution = this.execution(job, trigger, place);
    const letGo = claimed.keep(execution.stop);
    const result = await execution.whole(claimed.since);
    letGo();
    // One that has failed is not taken over: it would fail there, too.
    await claimed.end(result.outcome !== 'stopped');
    return result;
  }

  private tellEnd(job: WarmupJob, result: WarmupResult): void {
    if (result.outcome === 'skipped') return this.reporter.skipped(job, result);
    job.noteResult(result);
    this.reporter.finished(job, result);
  }

  private pause(ms: number): Promise<void> {
    const { timing } = this.parts;
    return timing.sleep(ms * (1 + timing.random() / 10), this.stopping.signal);
  }

  private redisBack(job: WarmupJob, forAsLongAsItTakes: boolean): RedisBack {
    const { lease } = this.parts.module;
    return new RedisBack({
      ...{ lease, patience: forAsLongAsItTakes ? Infinity : lease },
      pause: (ms) => this.pause(ms),
      now: () => this.parts.timing.now(),
      isOver: () => this.stopping.isStopped,
      onWait: () => this.reporter.waits(job),
    });
  }

  private async inTurn<T>(job: WarmupJob, work: (place: Place) => Promise<T>): Promise<T> {
    const place = this.line.join(job.options.priority);
    try {
      job.state = 'waiting';
      await place.turn(this.stopping.signal);
      return await work(place);
    } finally {
      place.leave();
    }
  }

  private execution(job: WarmupJob, trigger: Trigger, place: Place): WarmupExecution {
    const { host, module, timing } = this.parts;
    job.state = 'running';
    return new WarmupExecution(job, trigger, place, {
      module,
      timing,
      reporter: this.reporter,
      warmup: (wish) => host.engine.warmup(wish),
      onFailure: (operation, error) => host.report(operation, error),
      stopping: this.stopping.signal,
      gone: this.gone.signal,
    });
  }

  /** One that is not even tried. */
  private skipped(job: WarmupJob, trigger: Trigger, reason: string): Promise<WarmupResult> {
    const result = skip(trigger, reason);
    this.reporter.skipped(job, result);
    return Promise.resolve(result);
  }

  private interval({ options: { schedule } }: WarmupJob): number {
    return schedule === undefined ? BOOTS_APART_MS : intervalOf(schedule);
  }

  /** A listener that throws stops no run. */
  private emit(event: CacheWarmupEvent): void {
    try {
      this.parts.host.events.warmups.emit(event);
    } catch (error) {
      this.parts.host.report('listener of warmups', error);
    }
  }
}
