import { defineConfig } from 'vitest/config';

// The checks train small models: seconds, not milliseconds.
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 } });
