/**
 * DESIGN section 6 as rules: features and decorators → service → engine → interfaces ← stores.
 */

/** Folders that build on the facade; nothing builds on them. */
const FEATURES = 'alerts|bridge|health|metrics|opentelemetry|testing|warmup';
/** The entry points in package.json. */
const ENTRIES = '^src/((alerts|health|metrics|opentelemetry|testing|warmup)/)?index\\.ts$';
/** What puts the parts together. */
const WIRING = '^src/(index|cache\\.(core\\.)?(module|explorer)[^/]*)\\.ts$';
/** What the engine and the stores share: they know each other by these only. */
const INTERFACES = '^src/(errors\\.ts$|stores/[^/]+\\.ts$|stores/bus/bus\\.ts$|definition/)';
const npm = (...names) => `node_modules/(@types/)?(${names.join('|')})(/|$)`;

function only(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    only(
      'engine-imports-interfaces-only',
      'The engine knows the stores, the bus and the codec by their interfaces, and nothing above itself.',
      { path: '^src/engine/' },
      { path: '^src/', pathNot: ['^src/(engine|resilience)/', '^src/codec/codec\\.ts$', INTERFACES] },
    ),
    only(
      'engine-is-pure',
      'The engine runs without Nest, without Redis and without any package but the bounded map.',
      { path: '^src/engine/' },
      {
        dependencyTypes: ['npm', 'npm-peer', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'],
        pathNot: npm('lru-cache'),
      },
    ),
    only(
      'definition-is-pure',
      'Definitions, keys, tags and durations know nothing of how caching works.',
      { path: '^src/definition/' },
      { path: '^src/', pathNot: ['^src/definition/', '^src/errors\\.ts$'] },
    ),
    only(
      'codec-is-pure',
      'The codec turns values into bytes and back; it knows neither stores nor engine.',
      { path: '^src/codec/' },
      { path: '^src/', pathNot: ['^src/codec/', '^src/errors\\.ts$', '^src/engine/entry\\.ts$'] },
    ),
    only(
      'pure-parts-know-no-nest-and-no-redis',
      'Only the outer parts may name Nest or a Redis client.',
      { path: '^src/(definition|codec|resilience|stores/[^/]+\\.ts$|stores/memory)' },
      { path: [npm('@nestjs', 'ioredis', 'keyv', 'cache-manager', 'cache-manager-ioredis-yet')] },
    ),
    only(
      'stores-know-no-one-above',
      'A store is chosen from above; it must not reach for the service, the decorators, the module or a feature.',
      { path: '^src/stores/' },
      { path: `^src/(index\\.ts$|cache\\.|decorators/|(${FEATURES})/)` },
    ),
    only(
      'stores-know-no-nest',
      'Nest ends at the module: a store must be usable without it.',
      { path: '^src/stores/' },
      { path: npm('@nestjs') },
    ),
    only(
      'stores-do-not-know-each-other',
      'What two stores share belongs into their interface.',
      { path: '^src/stores/(memory|redis)/' },
      { path: '^src/stores/(memory|redis)/', pathNot: '^src/stores/$1/' },
    ),
    only(
      'ioredis-in-its-place',
      'One place makes clients; the bridge lends the same one to cache-manager.',
      { path: '^src/', pathNot: '^src/(stores/(redis|bus)|bridge)/' },
      { path: npm('ioredis') },
    ),
    only(
      'engine-parts-only-through-the-service',
      'Decorators and features ask the service; the shared types of the engine are free to name.',
      { path: `^src/(alerts|decorators|health|metrics|opentelemetry|warmup)/` },
      { path: '^src/(stores|codec|resilience)/' },
    ),
    only(
      'nothing-imports-the-wiring',
      'The module and the index put the parts together, so no part may need them; the tests of users do.',
      { path: '^src/', pathNot: [WIRING, '^src/testing/cache-testing\\.module\\.ts$'] },
      { path: WIRING },
    ),
    only(
      'service-knows-no-decorator',
      'Decorators come to the service, not the other way round.',
      { path: '^src/cache\\.(service|options)[^/]*\\.ts$' },
      { path: '^src/decorators/' },
    ),
    only(
      'features-are-leaves',
      'No one imports a feature, nor one feature another; the module wires the bridge.',
      { path: '^src/', pathNot: `^src/(${FEATURES})/` },
      { path: `^src/(${FEATURES})/`, pathNot: '^src/bridge/' },
    ),
    only(
      'bridge-only-from-the-module',
      'No one but the module needs to know that CACHE_MANAGER exists.',
      { path: '^src/', pathNot: ['^src/bridge/', WIRING] },
      { path: '^src/bridge/' },
    ),
    only(
      'features-do-not-know-each-other',
      'A feature can be left out without another one noticing.',
      { path: `^src/(${FEATURES})/` },
      { path: `^src/(${FEATURES})/`, pathNot: '^src/$1/' },
    ),
    only(
      'terminus-in-its-place',
      'An optional peer is imported by its own entry point only.',
      { path: '^src/', pathNot: '^src/health/' },
      { path: npm('@nestjs/terminus') },
    ),
    only(
      'prom-client-in-its-place',
      'An optional peer is imported by its own entry point only.',
      { path: '^src/', pathNot: '^src/metrics/' },
      { path: npm('prom-client') },
    ),
    only(
      'opentelemetry-in-its-place',
      'An optional peer is imported by its own entry point only.',
      { path: '^src/', pathNot: '^src/opentelemetry/' },
      { path: npm('@opentelemetry') },
    ),
    only(
      'schedule-in-its-place',
      'An optional peer is imported by its own entry point only.',
      { path: '^src/', pathNot: '^src/warmup/' },
      { path: npm('@nestjs/schedule', 'cron') },
    ),
    only(
      'index-reaches-no-optional-peer',
      'import "nestjs-roost" must work where the optional peers are not installed.',
      { path: '^src/(index|testing/index|alerts/index)\\.ts$' },
      {
        path: npm('@nestjs/terminus', '@nestjs/schedule', 'cron', 'prom-client', '@opentelemetry'),
        reachable: true,
      },
    ),
    only(
      'library-stands-alone',
      'What is published cannot import what is not.',
      { path: '^src/' },
      { path: '^(sample|test|bench|scripts)/' },
    ),
    only(
      'sample-uses-the-public-face',
      'The sample shows what users can do: import from nestjs-roost by name.',
      { path: '^sample/' },
      { path: '^src/', dependencyTypesNot: ['aliased'] },
    ),
    only(
      'no-tests-in-the-code',
      'Code runs without its tests.',
      { path: '^(src|sample/bots/src)/' },
      { path: '(\\.spec\\.ts$|/test/)', pathNot: 'node_modules' },
    ),
    only('no-circular', 'A cycle has no top to read from.', {}, { circular: true }),
    only(
      'no-orphans',
      'A file that no entry point reaches is dead.',
      { path: ENTRIES },
      { path: '^src/', pathNot: [ENTRIES, '\\.d\\.ts$'], reachable: false },
    ),
    only(
      'library-imports-what-users-get',
      'A development dependency is not installed beside the published package.',
      { path: '^src/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] },
    ),
    only(
      'no-undeclared-dependency',
      'What package.json does not name may be gone tomorrow.',
      {},
      // An optional peer is taken for undeclared as well: its entry in peerDependenciesMeta confuses the cruiser.
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    ),
    only('no-unresolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^((sample/bots/)?dist|test/package/fixtures)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
