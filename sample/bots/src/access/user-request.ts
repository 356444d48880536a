import type { IncomingHttpHeaders } from 'node:http';

import type { User } from '../database/schema.js';

/** What Express and Fastify requests have in common, with what the guard adds. */
export interface UserRequest {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Set by `ActingUserGuard`. */
  actingUser?: User;
}

/** What somebody asks for, and who it is: the input of the access pipes. */
export interface AccessRequest {
  readonly user: User;
  readonly id: string;
}

/** The same of many things at once, as the query string has them. */
export interface BatchAccessRequest {
  readonly user: User;
  readonly ids: unknown;
}
