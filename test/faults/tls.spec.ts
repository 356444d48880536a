import { CertificateAuthority, type Certificate } from '../integration/connection/support/certificates.js';
import { startTlsServer, type TlsServer } from '../integration/connection/support/tls-server.js';
import { askAt, type Place } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

interface TlsPlace extends Place {
  readonly tls: TlsServer;
  readonly certificates: Readonly<Record<'good' | 'untrusted' | 'expired', Certificate>>;
}

async function tlsPlace(): Promise<TlsPlace> {
  const [authority, stranger] = await Promise.all([
    CertificateAuthority.make('test authority'),
    CertificateAuthority.make('another authority'),
  ]);
  const [good, expired, untrusted] = await Promise.all([
    authority.issue(),
    authority.issue({ expired: true }),
    stranger.issue(),
  ]);
  const tls = await startTlsServer(good, authority.own);
  return {
    tls,
    certificates: { good, expired, untrusted },
    redis: () => ({ url: tls.url, tls: { ca: authority.own.cert } }),
    stop: async () => {
      await tls.server.stop();
      await Promise.all([authority.remove(), stranger.remove()]);
    },
  };
}

/** Gives the server another certificate, and ends the connections that have seen the one before. */
async function show({ tls, certificates }: TlsPlace, which: keyof TlsPlace['certificates']): Promise<void> {
  const { certFile, keyFile } = certificates[which];
  await askAt(tls.server.url, async (client) => {
    await client.call('CONFIG', 'SET', 'tls-cert-file', certFile, 'tls-key-file', keyFile);
    for (const type of ['normal', 'pubsub'] as const)
      await client.client('KILL', 'TYPE', type, 'SKIPME', 'yes');
  });
}

function certificate(which: 'untrusted' | 'expired', reason: string, atStart: boolean): Fault<TlsPlace> {
  return {
    name: `${which} certificate${atStart ? ' at boot' : ''}`,
    atStart,
    place: tlsPlace,
    strike: (at) => show(at, which),
    repair: (at) => show(at, 'good'),
    check: ({ reports }) =>
      reports.flatMap(({ warnings }, process) =>
        warnings.some((text) => text.includes(reason))
          ? []
          : [`process ${process} does not say why: ${warnings.join(' ')}`],
      ),
  };
}

const UNTRUSTED = 'is not signed by an authority that is trusted here';
const EXPIRED = 'TLS certificate has expired';

const faults = [
  certificate('untrusted', UNTRUSTED, true),
  certificate('expired', EXPIRED, true),
  certificate('untrusted', UNTRUSTED, false),
  certificate('expired', EXPIRED, false),
];

testFaults('when the certificate is not to be trusted, no call suffers, and nothing is stale:', faults);
