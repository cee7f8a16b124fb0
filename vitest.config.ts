import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const command = 'packages/cli/src/**/*.test.ts';

/**
 * A part of the tests: `npm test -- --project NAME`. Parts of a lower order run first.
 *
 * `extends`: with the options below.
 */
const part = (name: string, groupOrder: number, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name, include, exclude, sequence: { groupOrder } },
});

export default defineConfig({
  resolve: {
    // Tests import the sources of every package, without a build.
    alias: [
      {
        find: /^@kcr\/(.*)$/,
        replacement: fileURLToPath(new URL('packages/$1/src/index.ts', import.meta.url)),
      },
    ],
  },
  test: {
    testTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      part('fast', 0, ['packages/*/src/**/*.test.ts'], [command]),
      part('command', 1, [command]),
      part('integration', 1, ['tools/*/src/**/*.test.ts']),
    ],
    coverage: {
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/index.ts', '**/bin.ts', '**/testing.ts', '**/*.test.ts'],
      // In CI nothing is printed unless the floor is not reached: the output ends with the tests' summary.
      reporter: process.env.CI ? ['json-summary'] : [['text', { skipFull: true }], 'html'],
      thresholds: { lines: 97, branches: 90 },
    },
  },
});
