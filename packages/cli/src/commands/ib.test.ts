import { Generator, writeSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { information } from '@kcr/ib-bound';
import { describe, expect, test } from 'vitest';
import { kcr, temporaryFolder } from '../testing.ts';

describe('ib', () => {
  const generator = new Generator(1);
  const random = (rows: number, columns: number) => ({
    dtype: 'float32' as const,
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => generator.normal()),
  });
  const tensors = {
    features: random(40, 6),
    inputs: random(40, 9),
    labels: {
      dtype: 'int32' as const,
      shape: [40],
      data: Int32Array.from({ length: 40 }, (_, i) => i % 3),
    },
  };
  const ib = async (extra: object, ...args: string[]) => {
    await using folder = await temporaryFolder();
    const file = folder.at('ib.safetensors');
    await writeSafetensors(file, { tensors: { ...tensors, ...extra }, metadata: {} });
    return JSON.parse((await kcr('ib', file, '--json', ...args)).out);
  };

  test('a label far above the number of images is LABELS, not a full memory', async () => {
    await using folder = await temporaryFolder();
    const file = folder.at('labels.safetensors');
    const labels = { ...tensors.labels, data: tensors.labels.data.with(7, 1_000_000) };
    await writeSafetensors(file, { tensors: { ...tensors, labels }, metadata: {} });
    const { err, code } = await kcr('ib', file);
    expect(code).toBe(1);
    expect(err).toContain('the label 1000000 for 40 images');
  });

  test('gives the exact values for given centroids', async () => {
    const [featureCentroids, inputCentroids] = [random(4, 6), random(5, 9)];
    const given = {
      features: toFeatures(tensors.features),
      inputs: toFeatures(tensors.inputs),
      featureCentroids: toFeatures(featureCentroids),
      inputCentroids: toFeatures(inputCentroids),
      labels: tensors.labels.data,
      classes: 3,
    };
    for (const [args, options] of [
      [[], {}],
      [['--beta', '2.5'], { beta: 2.5 }],
      [['--no-normalise'], { normalize: false }],
    ] as [string[], object][]) {
      const { logQ: _, ...expected } = information({ ...given, ...options });
      expect(await ib({ featureCentroids, inputCentroids }, ...args)).toEqual(expected);
    }
  });

  test('finds clusters where none are given, the same for the same seed', async () => {
    const found = await ib({});
    expect(Object.keys(found)).toEqual(['iXtX', 'iXtY', 'ib', 'ibb', 'constant']);
    expect(await ib({})).toEqual(found);
    expect(found.ib).toBeLessThanOrEqual(found.ibb + found.constant);
  });

  test.each([['features'], ['inputs'], ['labels']])(
    'TENSOR_MISSING for a file without %s',
    async (name) => {
      await using folder = await temporaryFolder();
      const file = folder.at('part.safetensors');
      const rest = Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
      await writeSafetensors(file, { tensors: rest, metadata: {} });
      const { err, code } = await kcr('ib', file);
      expect(err).toContain(
        `kcr: TENSOR_MISSING\n  where: ${file}\n  found: no tensor named "${name}"`,
      );
      expect(code).toBe(1);
    },
  );
});
