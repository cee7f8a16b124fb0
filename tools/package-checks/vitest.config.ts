import { defineConfig } from 'vitest/config';
import type { ProjectConfig } from 'vitest/node';

const rehearsal = 'tools/package-checks/src/release.check.ts';

/** A part of the checks. Parts of a lower order run first. */
const part = (test: ProjectConfig, groupOrder: number) => ({
  extends: true as const, // the options below
  test: { ...test, sequence: { groupOrder } },
});

/** Checks of the built packages; unlike the other tests these need `npm run build` first. */
export default defineConfig({
  test: {
    globalSetup: 'tools/package-checks/src/setup.ts',
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxConcurrency: 2,
    maxWorkers: 2,
    projects: [
      part(
        {
          name: 'packages',
          include: ['tools/package-checks/src/*.check.ts'],
          exclude: [rehearsal],
        },
        0,
      ),
      // It publishes later versions to the same registry.
      part({ name: 'rehearsal', include: [rehearsal] }, 1),
    ],
  },
});
