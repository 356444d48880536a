import type { IncomingHttpHeaders } from 'node:http';

import type { User } from '../database/schema.js';

/** What Express and Fastify requests have in common, with what the guard adds. */
export interface UserRequest {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  /** Set by `ActingUserGuard`. */
  actingUser?: User;
}

/** What somebody asks for, and who it is: the input of the access pipes. */
export interface AccessRequest {
  readonly user: User;
  readonly id: string;
}
