import { existsSync, statSync } from 'node:fs';
import { readText, ROOT } from '../../docs/support/markdown.js';
import {
  bindsOf,
  overlaid,
  interpolated,
  readCompose,
  readYaml,
  variablesOf,
  type ComposeService,
} from './support/compose.js';
import { VARIABLES } from './support/service.js';

const compose = readCompose();
const tls = readCompose('docker-compose.tls.yml');
const services = Object.entries(compose.services);
const withTls = Object.entries(tls.services).map(
  ([name, over]) => [`${name} with TLS`, overlaid(compose.services[name] ?? {}, over)] as const,
);

function namesWhere(is: (service: ComposeService) => boolean): string[] {
  return services.filter(([, service]) => is(service)).map(([name]) => name);
}

function inProfile(profile?: string): string[] {
  return namesWhere(({ profiles = [] }) =>
    profile === undefined ? profiles.length === 0 : profiles.includes(profile),
  );
}

describe('docker-compose.yml', () => {
  it('has the profiles and services that docs/operations.md lists', () => {
    const [, section = ''] = readText('docs/operations.md').split(/^##+ .+$/m);
    const rows = [...section.matchAll(/^\| `?([\w ]+?)`? \| .*? \| (`.+) \|$/gm)];
    const listed = rows.map(([, profile = '', names = '']) => [
      profile,
      [...names.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name),
    ]);
    expect(listed).toEqual([
      ['none', inProfile()],
      ['ha', inProfile('ha')],
      ['cluster', inProfile('cluster')],
      ['observability', inProfile('observability')],
    ]);
    expect(new Set(services.flatMap(([, { profiles = [] }]) => profiles)).size).toBe(3);
  });

  it.each([...services, ...withTls])('mounts what is there, for reading: %s', (_name, service) => {
    for (const volume of service.volumes ?? []) {
      const [source = '', target, mode] = volume.split(':');
      expect(target).toMatch(/^\//);
      if (!source.startsWith('./')) expect(Object.keys(compose.volumes ?? {})).toContain(source);
      else expect([source, mode]).toEqual([source, 'ro']);
    }
    for (const { path } of bindsOf(service)) {
      // Made by a script, and tested with it.
      if (path.startsWith('.data/')) continue;
      expect([path, existsSync(ROOT + path)]).toEqual([path, true]);
    }
    if (service.build) expect(existsSync(`${ROOT}${service.build.dockerfile}`)).toBe(true);
  });

  it('gives each volume to one service', () => {
    const used = services.flatMap(([, { volumes = [] }]) =>
      volumes.filter((it) => !it.startsWith('.')).map((it) => it.replace(/:.*/, '')),
    );
    expect([...used].sort()).toEqual(Object.keys(compose.volumes ?? {}).sort());
  });

  it.each(services)('runs an image of a version that does not move by itself: %s', (_name, service) => {
    if (service.build) expect(service.image).toBe('nestjs-roost-bots:local');
    else expect(service.image).toMatch(/^[\w./-]+:v?\d+\.\d+(\.\d+)?(-alpine)?$/);
  });

  it.each(services.filter(([name]) => name !== 'make-cluster'))(
    'knows whether it is healthy, and starts again when it dies: %s',
    (_name, { healthcheck, restart }) => {
      expect(healthcheck?.test?.[0]).toMatch(/^CMD(-SHELL)?$/);
      expect(restart).toBe('unless-stopped');
    },
  );

  it.each(services)('is reached from this machine only, if at all: %s', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it('publishes each port once', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(new Set(ports.map((port) => /:-(\d+)/.exec(port)?.[1])).size).toBe(ports.length);
  });

  it.each(services)('depends on what starts with it: %s', (_name, { depends_on: on = [], profiles = [] }) => {
    for (const needed of Array.isArray(on) ? on : Object.keys(on)) {
      const other = compose.services[needed]?.profiles ?? [];
      expect(other.every((profile) => profiles.includes(profile))).toBe(true);
      expect(Object.keys(compose.services)).toContain(needed);
    }
  });

  it('gives fixed addresses, each once, that no other container is given', () => {
    const [pool] = compose.networks?.default.ipam.config ?? [];
    expect(pool).toEqual({ subnet: '10.87.64.0/24', ip_range: '10.87.64.128/25' });
    const addresses = services.flatMap(([, { networks }]) => networks?.default.ipv4_address ?? []);
    expect(addresses).toHaveLength(8);
    expect(new Set(addresses).size).toBe(8);
    for (const address of addresses) expect(address).toMatch(/^10\.87\.64\.([2-9]|\d\d)$/);
  });

  it('needs no variable that `.env.example` does not explain, and that explains no other', () => {
    const text = ['docker-compose.yml', 'docker-compose.tls.yml'].map(readText).join('\n');
    const [ofSample = '', ofCompose = ''] = readText('.env.example').split('# --- docker compose ---');
    const names = (part: string) => [...part.matchAll(/^#([A-Z_]+)=/gm)].map(([, name = '']) => name);
    const shared = ['CACHE_NAMESPACE', 'PORT', 'REDIS_PASSWORD'];
    expect(new Set(variablesOf(text))).toEqual(new Set([...names(ofCompose), ...shared]));
    for (const name of shared) expect(names(ofSample)).toContain(name);
    for (const [, name = '', port] of text.matchAll(/127\.0\.0\.1:\$\{([A-Z_]+):-(\d+)\}/g)) {
      expect(readText('.env.example')).toContain(`#${name}=${port}`);
    }
  });

  it('writes no password down', () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|AUTH$/.test(name)) expect(value).toMatch(/^\$\{[^}]+:\?set [A-Z_]+\}+$/);
      }
    }
  });
});

describe('the profile observability', () => {
  interface Scrape {
    readonly job_name: string;
    readonly metrics_path?: string;
    readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
    readonly static_configs?: readonly { readonly targets: readonly string[] }[];
    readonly relabel_configs?: readonly Readonly<Record<string, string>>[];
  }
  const { scrape_configs: jobs } = readYaml('docker/prometheus/prometheus.yml') as {
    scrape_configs: Scrape[];
  };
  const { grafana, prometheus } = compose.services;

  function withAlias(alias: string): string[] {
    return namesWhere(({ networks }) => networks?.default.aliases?.includes(alias) === true);
  }

  it('has a password of its own for Grafana', () => {
    const password = grafana?.environment?.['GF_SECURITY_ADMIN_PASSWORD'] ?? '';
    expect(interpolated(password, VARIABLES)).toBe(VARIABLES.GRAFANA_PASSWORD);
    const { REDIS_ADMIN_PASSWORD } = VARIABLES;
    expect(() => interpolated(password, { REDIS_ADMIN_PASSWORD })).toThrow('set GRAFANA_PASSWORD');
  });

  it('asks every sample and every Redis, in all profiles', () => {
    const found = jobs.flatMap((job) =>
      (job.dns_sd_configs ?? []).flatMap(({ names, port }) =>
        names.map((name) => [job.job_name, port, withAlias(name)]),
      ),
    );
    expect(found).toEqual([
      ['bots', 3000, namesWhere(({ image }) => image?.startsWith('nestjs-roost-bots') === true)],
      ['redis', 6379, namesWhere(({ command = [] }) => command.includes('/etc/redis/start.sh'))],
    ]);
    expect(jobs.find(({ job_name }) => job_name === 'bots')?.metrics_path).toBe('/metrics');
  });

  it('names hosts that are services', () => {
    const targets = jobs.flatMap(({ static_configs: configs = [] }) =>
      configs.flatMap(({ targets: all }) => all),
    );
    const exporter = jobs.flatMap(({ relabel_configs: rules = [] }) =>
      rules.filter((rule) => rule['target_label'] === '__address__').map((rule) => rule['replacement'] ?? ''),
    );
    const { datasources } = readYaml('docker/grafana/provisioning/datasources/prometheus.yml') as {
      datasources: { url: string; uid: string; isDefault: boolean }[];
    };
    expect(datasources).toEqual([expect.objectContaining({ uid: 'prometheus', isDefault: true })]);
    const hosts = [...targets, ...exporter, ...datasources.map(({ url }) => new URL(url).host)];
    expect(hosts).toHaveLength(3);
    for (const host of hosts) expect(inProfile('observability')).toContain(host.split(':')[0]);
  });

  it('has Prometheus and Grafana find their configurations in what is mounted', () => {
    const mounted = (service: ComposeService | undefined, path: string) => {
      const bind = bindsOf(service ?? {}).find(({ target }) => path.startsWith(`${target}/`));
      return bind && path.replace(bind.target, bind.path);
    };
    const configuration = prometheus?.command?.[0]?.replace('--config.file=', '') ?? '';
    expect(mounted(prometheus, configuration)).toBe('docker/prometheus/prometheus.yml');

    const provisioning = mounted(grafana, grafana?.environment?.['GF_PATHS_PROVISIONING'] ?? '') ?? '';
    for (const kind of ['datasources', 'dashboards']) {
      expect(statSync(`${ROOT}${provisioning}/${kind}`).isDirectory()).toBe(true);
    }
    const { providers } = readYaml(`${provisioning}/dashboards/nestjs-roost.yml`) as {
      providers: { options: { path: string } }[];
    };
    expect(providers.map(({ options }) => mounted(grafana, options.path))).toEqual([
      'docker/grafana/dashboards',
    ]);
  });
});
