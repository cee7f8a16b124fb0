import { defineConfig } from 'vitest/config';

/** Checks of the built packages; unlike the other tests these need `npm run build` first. */
export default defineConfig({
  test: {
    include: ['tools/package-checks/src/*.check.ts'],
    globalSetup: 'tools/package-checks/src/setup.ts',
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxConcurrency: 2,
    maxWorkers: 2,
  },
});
