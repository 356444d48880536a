import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { ROOT } from '../../../docs/support/markdown.js';

/** What these tests look at of a service of a compose file. */
export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly user?: string;
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly networks?: {
    readonly default: { readonly ipv4_address?: string; readonly aliases?: readonly string[] };
  };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes?: Readonly<Record<string, unknown>>;
  readonly networks?: {
    readonly default: {
      readonly ipam: { readonly config: readonly { readonly subnet: string; readonly ip_range: string }[] };
    };
  };
}

/** Reads a YAML file of the repository, with anchors and `<<` resolved. */
export function readYaml(path: string): unknown {
  return merged(load(readFileSync(ROOT + path, 'utf8')));
}

export function readCompose(path = 'docker-compose.yml'): ComposeFile {
  return readYaml(path) as ComposeFile;
}

/** A service as `docker compose -f first -f second` sees it: what the second file says wins, lists are joined. */
export function overlaid(service: ComposeService, over: ComposeService): ComposeService {
  return {
    ...service,
    ...over,
    environment: { ...service.environment, ...over.environment },
    volumes: [...(service.volumes ?? []), ...(over.volumes ?? [])],
  };
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, one within the other, too. */
const VARIABLE = /\$\{(\w+)(?::([-?])([^{}]*))?\}/;

/** Puts values in place of variables. Throws for one that must be set and is not. */
export function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  let rest = text;
  for (let found = VARIABLE.exec(rest); found !== null; found = VARIABLE.exec(rest)) {
    const [all, name = '', kind, other = ''] = found;
    if (variables[name] === undefined && kind === '?') throw new Error(`${name}: ${other}`);
    rest = rest.replace(all, () => variables[name] ?? other);
  }
  return rest;
}

/** The names of all variables in a text. */
export function variablesOf(text: string): string[] {
  return [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name);
}

/** Where a folder of the repository lies in a container, by its short form `./path:/target:ro`. */
export function bindsOf(service: ComposeService): { readonly path: string; readonly target: string }[] {
  return (service.volumes ?? []).flatMap((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return source.startsWith('./') ? [{ path: source.slice(2), target }] : [];
  });
}

function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== 'object' || value === null) return value;
  const { '<<': base, ...own } = value as Record<string, unknown>;
  const entries = Object.entries(own).map(([name, item]) => [name, merged(item)] as const);
  const inherited = base === undefined ? {} : (merged(base) as object);
  return { ...inherited, ...Object.fromEntries(entries) };
}
