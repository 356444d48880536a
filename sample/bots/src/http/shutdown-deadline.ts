import type { Server } from 'node:http';

import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

/** Milliseconds that requests under way have to end. Docker kills after ten seconds. */
const DEADLINE_MS = 3_000;

/** Cuts off the requests that would hold up the end: the HTTP server waits for all of them, even for half a one. */
@Injectable()
export class ShutdownDeadline implements BeforeApplicationShutdown, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  beforeApplicationShutdown(): void {
    const server: Server = this.adapterHost.httpAdapter.getHttpServer();
    this.timer = setTimeout(() => server.closeAllConnections(), DEADLINE_MS);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
  }
}
