import { readFile, writeFile } from 'node:fs/promises';
import { Generator, type StateDict, saveModel } from '@kcr/core';
import { expect, test } from 'vitest';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { temporaryFolder, tinyCheckpoint, tinyContext } from '../testing/tiny.ts';
import { denseStage } from './dense.ts';

const training = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };

/** A checkpoint with other weights of the same architecture. */
async function otherCheckpoint(directory: string): Promise<StateDict> {
  const { model, info } = await tinyCheckpoint(directory);
  const weights = model.initialize(new Generator(1));
  await saveModel(directory, model, weights, info);
  return weights;
}

test('weights from elsewhere are the dense model, and made again where they were damaged', async () => {
  await using folder = await temporaryFolder();
  const { weights } = await tinyCheckpoint(folder.at('a'));
  const context = await tinyContext(folder.at('run'), {}, { weights: folder.at('a') });
  await denseStage.run(undefined, context);
  await writeFile(folder.at('run', 'dense', 'model.json'), 'damaged');
  await denseStage.run(undefined, context);
  expect((await loadCheckpoint(folder.at('run', 'dense'))).weights).toEqual(weights);
});

test('other weights do not take their place', async () => {
  await using folder = await temporaryFolder();
  const { weights } = await tinyCheckpoint(folder.at('a'));
  await otherCheckpoint(folder.at('b'));
  const run = async (name: string) =>
    denseStage.run(
      undefined,
      await tinyContext(folder.at('run'), {}, { weights: folder.at(name) }),
    );
  await run('a');
  await expect(run('b')).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
    where: folder.at('run', 'dense', 'weights.json'),
    found: expect.stringContaining('a run with another weights.given (saved '),
  });
  expect((await loadCheckpoint(folder.at('run', 'dense'))).weights).toEqual(weights);
});

test('OUT_EXISTS: neither is a model trained where weights were given, nor the other way', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('a'));
  const given = { weights: folder.at('a') };
  const recipe = { dense: training };
  await denseStage.run(undefined, await tinyContext(folder.at('given'), recipe, given));
  await denseStage.run(undefined, await tinyContext(folder.at('trained'), recipe));
  for (const [name, more] of [
    ['given', {}],
    ['trained', given],
  ] as const)
    await expect(
      denseStage.run(undefined, await tinyContext(folder.at(name), recipe, more)),
    ).rejects.toMatchObject({ code: 'OUT_EXISTS', where: folder.at(name, 'dense') });
  // The run's own dense model is itself.
  const own = { weights: folder.at('trained', 'dense') };
  const before = await readFile(folder.at('trained', 'dense', 'model.safetensors'));
  await denseStage.run(undefined, await tinyContext(folder.at('trained'), recipe, own));
  expect(await readFile(folder.at('trained', 'dense', 'model.safetensors'))).toEqual(before);
});

test('a run with other images of the same number, size and labels is another', async () => {
  await using folder = await temporaryFolder();
  const run = async (pixels: string) => {
    const context = await tinyContext(folder.root, { dense: training });
    const train = { ...context.data.train, identity: async () => ({ pixels }) };
    return denseStage.run(undefined, { ...context, data: { ...context.data, train } });
  };
  await run('one');
  await run('one');
  await expect(run('two')).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
    found: 'a run with another data.train.pixels (saved one, now two)',
  });
});

test('there is none where the recipe trains none and no weights are given', async () => {
  await using folder = await temporaryFolder();
  expect(await denseStage.run(undefined, await tinyContext(folder.root))).toBeUndefined();
});
