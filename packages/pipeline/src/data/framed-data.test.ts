import { Generator } from '@kcr/core';
import { fitted } from '@kcr/data';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { tinyModel } from '../testing/tiny.ts';
import { bothSplits, channelsOf, framedFields, framedOptions } from './framed-data.ts';

const normalization = { mean: [0.5], std: [0.25] };
const context = async () => ({ model: await tinyModel(), normalization });

describe('how images lie on the canvas', () => {
  const source = { height: 4, width: 8 };
  const canvas = { height: 8, width: 8 };
  const viewsOf = async (fields: object) => {
    const { train } = await framedOptions(framedFields.parse(fields), await context());
    const generator = new Generator(0);
    return Array.from({ length: 32 }, () => train.framing(source, canvas, generator));
  };

  test('the canvas is what the model takes, and whole images lie on it by default', async () => {
    const options = await framedOptions(framedFields.parse({}), await context());
    expect(options.test).toEqual({ normalization, canvas });
    expect(options.train).toMatchObject({ normalization, canvas, augment: [] });
    for (const view of await viewsOf({})) expect(view).toEqual(fitted(source, canvas));
  });

  test('a jitter of scale gives images of other sizes, a fixed one always the same', async () => {
    const widths = (views: readonly object[]) => new Set(views.map((v) => JSON.stringify(v))).size;
    expect(
      widths(await viewsOf({ framing: { scaleJitter: { scale: [0.5, 2] } } })),
    ).toBeGreaterThan(4);
    const fixed = { framing: { shortSide: { short: 2, long: 100 } } };
    expect(widths(await viewsOf(fixed))).toBe(1);
    const some = { framing: { shortSide: { short: [2, 3, 4], long: 100 } } };
    expect(widths(await viewsOf(some))).toBe(3);
  });

  test('a mirrored image is one of two views', async () => {
    const views = await viewsOf({ flip: { horizontal: 0.5 } });
    expect(new Set(views.map((view) => JSON.stringify(view))).size).toBe(2);
  });

  test.each([
    [{ framing: { shortSide: { short: 2 } } }],
    [{ framing: { scaleJitter: { scale: [1] } } }],
    [{ framing: { scaleJitter: { scale: [1, 2] }, shortSide: { short: 1, long: 2 } } }],
    [{ flip: { horizontal: 2 } }],
    [{ augment: ['horizontalFlip'] }],
    [{ invalid: 'ignore' }],
    [{ size: 3 }],
  ])('%j is wrong', (fields) => {
    expect(framedFields.safeParse(fields).success).toBe(false);
  });
});

test('both splits are read, and what each left out is told with its folders', async () => {
  const events: PipelineEvent[] = [];
  const parts = {
    train: { images: 'a', labels: 'b' },
    test: { images: 'c', labels: 'd' },
  };
  const skippedIn: Record<string, Record<string, number>> = { a: {}, c: { LABEL_MAP_SIZE: 2 } };
  const read = await bothSplits(parts, { on: (event) => events.push(event) }, async (part) => ({
    ...part,
    skipped: skippedIn[part.images]!,
  }));
  expect([read.train.labels, read.test.labels]).toEqual(['b', 'd']);
  expect(events).toEqual([{ type: 'skipped', where: 'c, d', entries: { LABEL_MAP_SIZE: 2 } }]);
});

test("images have the model's channels", async () => {
  expect(channelsOf(await context())).toBe(3);
});
