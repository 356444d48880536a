import { Controller, Get, Header } from '@nestjs/common';
import { CacheMetrics } from 'nestjs-roost/metrics';
import { Registry } from 'prom-client';

/** For Prometheus. It needs no user, as its labels are names of caches, never keys. */
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: CacheMetrics) {}

  @Get()
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  read(): Promise<string> {
    return this.metrics.text();
  }
}
