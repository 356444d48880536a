import type { ConnectionOptions } from 'node:tls';
import { CacheError } from '../../errors.js';

const UNTRUSTED =
  'its TLS certificate is not signed by an authority that is trusted here: give the certificate of its authority as `tls.ca`';
const NO_CLIENT_CERTIFICATE =
  'it demands a TLS certificate of its clients that it trusts: give one as `tls.cert` and `tls.key`';
const NO_TLS = 'it does not speak TLS on that port: use redis:// or its TLS port';

/** What ioredis tells commands, those of its own handshake included, once the connection is gone. */
const SAYS_NOTHING = /^Connection is closed\.$|Stream isn't writeable/;

/** What the codes of Node and OpenSSL mean to somebody who has to mend it. */
const MEANINGS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its TLS certificate has expired: renew it on the server',
  CERT_NOT_YET_VALID: 'its TLS certificate is not valid yet: see the clocks of both machines',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its TLS certificate is for another host: connect by a name that the certificate has, or give that as `tls.servername`',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: NO_CLIENT_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: NO_CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: NO_CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it refuses the TLS certificate `tls.cert`, which has expired',
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
};

/**
 * An error of a connection in words that help, and without secrets: ioredis notes with a refused command what its
 * arguments were, and those of AUTH are user and password.
 *
 * @param tls the TLS details of the connection, if it has TLS
 * @returns `undefined` for one that only says that there is no connection: why not, another one has told
 */
export function explained(error: Error, tls?: ConnectionOptions): Error | undefined {
  if (SAYS_NOTHING.test(error.message)) return undefined;
  const { code, command } = error as Error & {
    readonly code?: unknown;
    readonly command?: { args?: unknown };
  };
  if (command !== undefined) command.args = [];
  const meaning = typeof code === 'string' ? MEANINGS[code] : undefined;
  const text = meaning === undefined ? guessed(error.message, tls) : `${meaning} (${code as string})`;
  return text === undefined ? error : new CacheError('CACHE_REDIS_UNAVAILABLE', text, { cause: error });
}

/** What has many causes, and with TLS often one. */
function guessed(message: string, tls: ConnectionOptions | undefined): string | undefined {
  if (tls === undefined) return undefined;
  if (message === 'connect ETIMEDOUT') {
    return `${message} (if that is so each time, it may not speak TLS on that port: use redis:// or its TLS port)`;
  }
  if (/ECONNRESET|EPIPE/.test(message)) {
    return `${message} (if that is so each time, it may demand a TLS certificate that it trusts: see \`tls.cert\` and \`tls.key\`)`;
  }
  return undefined;
}
