import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { ProjectConfig } from 'vitest/node';

const command = 'packages/cli/src/**/*.test.ts';

/** A part of the tests: `npm test -- --project NAME`. Parts of a lower order run first. */
const part = (test: ProjectConfig, groupOrder: number) => ({
  extends: true as const, // the options below
  test: { ...test, sequence: { groupOrder } },
});

export default defineConfig({
  resolve: {
    // Tests import the sources of every package, without a build.
    alias: [
      {
        find: /^@kcr\/core\/(.*)$/,
        replacement: fileURLToPath(new URL('packages/core/src/$1.ts', import.meta.url)),
      },
      {
        find: /^@kcr\/(.*)$/,
        replacement: fileURLToPath(new URL('packages/$1/src/index.ts', import.meta.url)),
      },
    ],
  },
  test: {
    testTimeout: 60_000,
    // Threads that read images take longer to start than most tests to run; those of them say how many.
    env: { KCR_WORKERS: '0' },
    maxWorkers: 2,
    projects: [
      // Most of a short test file's time is the loading of TensorFlow.js: these share it.
      part(
        {
          name: 'fast',
          include: ['packages/*/src/**/*.test.ts', 'packages/*/templates/**/*.test.ts'],
          exclude: [command],
          isolate: false,
        },
        0,
      ),
      part({ name: 'command', include: [command], isolate: false }, 1),
      part({ name: 'integration', include: ['tools/*/src/**/*.test.ts'], isolate: false }, 1),
    ],
    coverage: {
      include: ['packages/*/src/**/*.ts'],
      exclude: [
        '**/index.ts',
        '**/bin.ts',
        '**/testing.ts',
        '**/testing/**',
        '**/*.test.ts',
        // What runs in Chromium, in threads and in other processes, which tests start and whose lines are not counted.
        'packages/page/src/browser/{cards,decode,page,remote,runtime,viewer,worker}.ts',
        'packages/data/src/{portable-augments,workers/image-jobs,workers/worker}.ts',
        'packages/mpi/src/mpi-{communicator,library}.ts',
      ],
      // In CI nothing is printed unless the floor is not reached: the output ends with the tests' summary.
      reporter: process.env.CI ? ['json-summary'] : [['text', { skipFull: true }], 'html'],
      // Of all tests: `npm run coverage`. Reached are 99 and 97.
      thresholds: { lines: 97, branches: 90 },
    },
  },
});
