import type { ConnectionOptions } from 'node:tls';
import { ask } from '../../support/redis-cluster.js';
import { startEngine } from '../../support/engine.js';
import { startRedisServer } from '../../support/redis-server.js';
import { CertificateAuthority, type Certificate } from './support/certificates.js';
import { startTlsServer, type TlsServer } from './support/tls-server.js';
import { Watched } from './support/watched.js';

describe('a connection by TLS', () => {
  let authority: CertificateAuthority;
  let stranger: CertificateAuthority;
  let certificates: Record<'good' | 'expired' | 'elsewhere' | 'client' | 'foreign' | 'former', Certificate>;
  const servers: TlsServer[] = [];
  let open: Watched[];

  beforeAll(async () => {
    [authority, stranger] = await Promise.all([
      CertificateAuthority.make('test authority'),
      CertificateAuthority.make('another authority'),
    ]);
    certificates = {
      good: await authority.issue(),
      expired: await authority.issue({ expired: true }),
      elsewhere: await authority.issue({ names: 'DNS:redis.elsewhere' }),
      client: await authority.issue({ names: 'DNS:client' }),
      former: await authority.issue({ names: 'DNS:client', expired: true }),
      foreign: await stranger.issue(),
    };
  });

  afterAll(async () => {
    await Promise.all(servers.map(({ server }) => server.stop()));
    await Promise.all([authority, stranger].map((one) => one.remove()));
  });

  beforeEach(() => {
    open = [];
  });

  afterEach(() => Promise.all(open.map(({ connection }) => connection.close(5000))));

  async function serve(certificate: Certificate, clients = false): Promise<TlsServer> {
    const server = await startTlsServer(certificate, authority.own, { clients });
    servers.push(server);
    return server;
  }

  async function connect(url: string, tls: ConnectionOptions): Promise<Watched> {
    const watched = new Watched({ url, tls, deadline: 900 });
    open.push(watched);
    await watched.connection.open();
    return watched;
  }

  it('is made when the authority is trusted, and carries all that the engine does', async () => {
    const { url } = await serve(certificates.good);
    const redis = { url, tls: { ca: authority.own.cert }, deadline: 5000 };
    const engine = await startEngine({ redis });
    expect(engine.runtime.description).toMatch(/^Redis at 127\.0\.0\.1:\d+, database 0, TLS$/);
    const items = engine.cache({ l1: false });
    expect(await items.getOrLoad(['1'], () => 'value')).toBe('value');
    expect(await items.lookup('1')).toMatchObject({ hit: true, tier: 'l2', value: 'value' });
    expect(engine.runtime.redis?.bus.armed).toBe(true);
    await engine.runtime.close();
  });

  it.each([
    [
      'nobody here knows the authority of',
      'good',
      {},
      /is not signed by an authority that is trusted here: .*`tls\.ca`/,
    ],
    ['another authority has signed', 'foreign', 'ca', /is not signed by an authority that is trusted here/],
    ['has expired', 'expired', 'ca', /TLS certificate has expired: renew it on the server/],
    ['is for another host', 'elsewhere', 'ca', /is for another host: .*`tls\.servername`/],
  ] as const)('is refused when the server shows a certificate that %s', async (_, which, tls, reason) => {
    const { url } = await serve(certificates[which]);
    const watched = await connect(url, tls === 'ca' ? { ca: authority.own.cert } : tls);
    expect(watched.told).toEqual(['lost']);
    expect(watched.reasons[0]).toMatch(reason);
    expect(await watched.trouble()).toMatch(
      /^Redis at 127\.0\.0\.1:\d+ is not reachable: its TLS certificate /,
    );
  });

  it('is made to another host’s certificate when its name is given', async () => {
    const { url } = await serve(certificates.elsewhere);
    const watched = await connect(url, { ca: authority.own.cert, servername: 'redis.elsewhere' });
    expect(watched.told).toEqual(['ready']);
  });

  it('is made to anybody when nothing is verified, which is said at start', async () => {
    const { url } = await serve(certificates.expired);
    const watched = await connect(url, { rejectUnauthorized: false });
    expect(watched.told).toEqual(['ready']);
  });

  it('shows its own certificate to a server that demands one', async () => {
    const { url } = await serve(certificates.good, true);
    const { cert, key } = certificates.client;
    const watched = await connect(url, { ca: authority.own.cert, cert, key });
    expect(watched.told).toEqual(['ready']);
    expect(await watched.connection.ping(5000)).toBeGreaterThan(0);
  });

  // How such a refusal arrives is up to the network: as what TLS calls it, or as a connection that is reset.
  it.each([
    ['none', undefined],
    ['one of another authority', 'foreign'],
    ['one that has expired', 'former'],
  ] as const)(
    'says what to look at when the server demands a certificate of its clients and gets %s',
    async (_, which) => {
      const { url } = await serve(certificates.good, true);
      const { cert, key } = which === undefined ? {} : certificates[which];
      const watched = await connect(url, {
        ca: authority.own.cert,
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      });
      expect(watched.told).toEqual(['lost']);
      expect(await watched.trouble()).toMatch(/ TLS certificate .*`tls\.cert`/);
    },
  );

  it('says so when the server does not speak TLS', async () => {
    const plain = await startRedisServer();
    const watched = await connect(plain.url.replace('redis:', 'rediss:'), {});
    await plain.stop();
    expect(await watched.trouble()).toMatch(/is not reachable: .* not speak TLS on that port/);
  });

  it('is there by itself when the server has got a good certificate', async () => {
    const { server, url, port } = await serve(certificates.expired);
    const watched = await connect(url, { ca: authority.own.cert });
    expect(watched.told).toEqual(['lost']);
    await ask(server, (client) =>
      client.call(
        ...['CONFIG', 'SET', 'tls-cert-file', certificates.good.certFile],
        ...['tls-key-file', certificates.good.keyFile],
      ),
    );
    await watched.until('ready');
    expect(watched.connection.description).toContain(`:${port}`);
  });
});
