import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import { afterAll } from 'vitest';
import type { Pixels } from './image.ts';

/** A folder of a test file's own, removed after its tests. @returns the path of something in it */
export function temporaryFolder(): (...parts: string[]) => string {
  const root = mkdtempSync(join(tmpdir(), 'kcr-data-'));
  afterAll(() => rmSync(root, { recursive: true }));
  return (...parts) => join(root, ...parts);
}

/** What n draws from one stream of random numbers give. */
export function draws<T>(n: number, draw: (generator: Generator) => T): T[] {
  const generator = new Generator(1);
  return Array.from({ length: n }, () => draw(generator));
}

/** An image whose values are 1, 2, 3, ... */
export const counted = (height: number, width: number, channels: number): Pixels => ({
  data: Uint8Array.from({ length: height * width * channels }, (_, i) => i + 1),
  shape: [height, width, channels],
});

/** A grey image from its rows. */
export const grey = (rows: readonly (readonly number[])[]): Pixels => ({
  shape: [rows.length, rows[0]!.length, 1],
  data: Uint8Array.from(rows.flat()),
});
