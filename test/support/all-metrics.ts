import { Test } from '@nestjs/testing';
import { CacheModule } from 'nestjs-roost';
import { CacheAlertsModule } from 'nestjs-roost/alerts';
import { CacheMetrics, CacheMetricsModule } from 'nestjs-roost/metrics';

/** A metric as a registry tells of it. */
export interface RegisteredMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** All metrics that an application with alerts exposes. */
export async function allMetrics(): Promise<readonly RegisteredMetric[]> {
  const app = await Test.createTestingModule({
    imports: [
      CacheModule.forRoot({ namespace: 'test' }),
      CacheMetricsModule.forRoot({}),
      CacheAlertsModule.forRoot({}),
    ],
  }).compile();
  await app.init();
  const metrics = app.get(CacheMetrics).registry.getMetricsAsArray() as unknown as readonly {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly labelNames: readonly string[];
  }[];
  await app.close();
  return metrics.map(({ name, help, type, labelNames }) => ({
    name,
    help,
    type,
    labels: labelNames.filter((label) => label !== 'le'),
  }));
}
