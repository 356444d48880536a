/** Jest runs the TypeScript sources as ES modules, the way production runs the build. */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^nestjs-roost$': '<rootDir>/src/index.ts',
    '^nestjs-roost/(alerts|health|metrics|opentelemetry|testing|warmup)$': '<rootDir>/src/$1/index.ts',
  },
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/sample'],
  modulePathIgnorePatterns: ['<rootDir>/sample/bots/dist/'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/fixtures/'],
  reporters: ['default', '<rootDir>/scripts/figures-reporter.mjs'],
  testTimeout: 20_000,
  maxWorkers: 2,
  // Modules of files that are done stay in memory; a process that is full of them spends its time on collecting.
  workerIdleMemoryLimit: '1GB',
};
