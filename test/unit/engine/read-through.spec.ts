import { FakeClock } from '../../../src/testing/fake-clock.js';
import { describeBatch } from '../../support/batch.behaviour.js';
import { describeBatchFreshness } from '../../support/batch-freshness.behaviour.js';
import { startEngine, type EngineUnderTest } from '../../support/engine.js';
import { describeFreshness } from '../../support/freshness.behaviour.js';
import { describePuts } from '../../support/puts.behaviour.js';
import { describeReadThrough } from '../../support/read-through.behaviour.js';
import { describeRefresh } from '../../support/refresh.behaviour.js';
import { describeTransactions } from '../../support/transactions.behaviour.js';
import { describeSwitches } from '../../support/switches.behaviour.js';
import { describeWarmup } from '../../support/warmup.behaviour.js';
import { describeWaiting } from '../../support/waiting.behaviour.js';

describe('the engine in memory', () => {
  const clock = new FakeClock();
  let engine: EngineUnderTest;

  beforeEach(async () => {
    engine = await startEngine({ clock });
  });

  afterEach(() => engine.runtime.close());

  describeReadThrough('in memory', () => engine);
  describeBatch('in memory', () => engine);
  describeBatchFreshness('in memory', () => ({ ...engine, clock }));
  describeFreshness('in memory', () => ({ ...engine, clock }));
  describeRefresh('in memory', () => ({ ...engine, clock }));
  describePuts('in memory', () => engine);
  describeTransactions('in memory', () => engine);
  describeSwitches('in memory', () => ({ ...engine, clock }));
  describeWarmup('in memory', () => ({ ...engine, clock }));
  describeWaiting('in memory', (options) => startEngine({ clock, ...options }));
});
