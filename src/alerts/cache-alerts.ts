import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { CacheService } from '../cache.service.js';
import { CACHE_SERVICE } from '../tokens.js';
import { AlertBoard } from './alert-board.js';
import type { AlertFacts } from './alert-rule.js';
import type { CacheAlert } from './cache-alert.js';
import { ALERTS_OPTIONS } from './cache-alerts.builder.js';
import type { CacheAlertsOptions } from './cache-alerts.options.js';
import { OperationWindow } from './operation-window.js';
import { resolveAlerts, type ResolvedAlerts } from './resolve-alerts.js';

/** Evaluates the rules, and tells when an alert is raised or cleared: by event, log line and metric. */
@Injectable()
export class CacheAlerts implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('CacheAlerts');
  private readonly options: ResolvedAlerts;
  private readonly board: AlertBoard;
  private readonly operations = new OperationWindow();
  private readonly timesRaised = new Map<string, number>();
  private readonly stops: (() => void)[];
  private timer: NodeJS.Timeout | undefined;
  private evaluating: Promise<readonly CacheAlert[]> | undefined;

  constructor(
    @Inject(CACHE_SERVICE) private readonly service: CacheService,
    @Inject(ALERTS_OPTIONS) options: CacheAlertsOptions,
  ) {
    this.options = resolveAlerts(options);
    this.board = new AlertBoard(this.options.rules, (rule, error) =>
      service.reportProblem(`alert ${rule}`, error),
    );
    this.stops = [
      service.observe('redis', ({ result }) => this.operations.count(result !== 'ok')),
      service.measures.add({
        name: 'alert_active',
        help: 'Whether the alert is raised.',
        type: 'gauge',
        labels: ['alert'],
        combine: 'max',
        collect: () => this.perRule((name) => Number(this.board.isRaised(name))),
      }),
      service.measures.add({
        name: 'alerts_raised_total',
        help: 'How often the alert was raised.',
        type: 'counter',
        labels: ['alert'],
        collect: () => this.perRule((name) => this.timesRaised.get(name) ?? 0),
      }),
    ];
  }

  /** The alerts that are raised. */
  get active(): readonly CacheAlert[] {
    return this.board.active;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.evaluate(), this.options.interval).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const stop of this.stops.splice(0)) stop();
  }

  /**
   * Evaluates all rules at once, beside the interval, and returns what has changed. Never rejects.
   *
   * @param now milliseconds since the epoch
   */
  evaluate(now = Date.now()): Promise<readonly CacheAlert[]> {
    this.evaluating ??= this.judge(now).finally(() => {
      this.evaluating = undefined;
    });
    return this.evaluating;
  }

  private async judge(now: number): Promise<readonly CacheAlert[]> {
    const facts: AlertFacts = {
      redis: this.options.asksRedis ? await this.askRedis() : undefined,
      statistics: this.service.stats(),
      status: this.service.status(),
      operations: this.operations.sum(),
      now,
    };
    const changes = this.board.judge(facts);
    for (const change of changes) this.tell(change);
    return changes;
  }

  /** That it can't be asked has a rule of its own. */
  private async askRedis(): Promise<AlertFacts['redis']> {
    try {
      return await this.service.redisStats({ sample: 0 });
    } catch {
      return undefined;
    }
  }

  private tell(alert: CacheAlert): void {
    const { name, state, summary, value, threshold } = alert;
    const text = `Alert ${name} ${state}: ${summary} is ${readable(value)}, threshold ${readable(threshold)}`;
    if (state === 'raised') {
      this.timesRaised.set(name, (this.timesRaised.get(name) ?? 0) + 1);
      this.logger.warn(text);
    } else {
      this.logger.log(text);
    }
    this.service.tell('alert', alert);
  }

  private perRule(valueOf: (name: string) => number) {
    return this.options.rules.map(({ name }) => ({ labels: { alert: name }, value: valueOf(name) }));
  }
}

function readable(value: number): string {
  return String(Number(value.toPrecision(3)));
}
