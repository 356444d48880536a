import { ask } from '../../../support/redis-cluster.js';
import { startRedisServer, type RedisServer } from '../../../support/redis-server.js';
import type { Certificate } from './certificates.js';

/** A Redis that speaks TLS on a second port. */
export interface TlsServer {
  readonly server: RedisServer;
  /** `rediss://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
}

/** Starts it. Neither of its ports is another server's, see `startRedisServer`. */
export async function startTlsServer(
  certificate: Certificate,
  authority: Certificate,
  { clients = false }: { readonly clients?: boolean } = {},
): Promise<TlsServer> {
  const server = await startRedisServer({
    args: [
      ...['--tls-cert-file', certificate.certFile, '--tls-key-file', certificate.keyFile],
      ...['--tls-ca-cert-file', authority.certFile, '--tls-auth-clients', clients ? 'yes' : 'no'],
    ],
  });
  const port = server.port + 10_000;
  await ask(server, (client) => client.config('SET', 'tls-port', port));
  return { server, port, url: `rediss://127.0.0.1:${port}` };
}
