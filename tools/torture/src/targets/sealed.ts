import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  createEagerEngine,
  fit,
  type Generator,
  readSafetensors,
  type StateDict,
  weightsDigest,
} from '@kcr/core';
import { nonFinite, seal } from '@kcr/core/internal';
import { bottomUpCascade, lfe } from '@kcr/lfc';
import { readSelection } from '@kcr/pipeline';
import { largeWeights, smallModels, syntheticData } from '../../../integration/src/helpers.ts';
import { chance, flipBit } from '../mutate-bytes.ts';
import { type Json, type JsonObject, jsonText, mutateJson, mutateValue } from '../mutate-json.ts';
import { mutateSafetensors, safetensorsFile, safetensorsParts } from '../mutate-safetensors.ts';
import { type Files, type Reader, require } from '../target.ts';

const engine = () => createEagerEngine({ backend: 'cpu' });
const model = () => smallModels.vit!();

/** A state whose facts are others under a checksum that fits them: what only the checks of the facts can find. */
function sealAgain(generator: Generator, bytes: Uint8Array, arrays: StateDict): Buffer {
  const { header, body } = safetensorsParts(bytes);
  const { run } = header.__metadata__ as JsonObject;
  const { checksum: _, ...facts } = JSON.parse(run as string) as JsonObject;
  try {
    const other = JSON.parse(jsonText(mutateValue(generator, facts))) as JsonObject;
    const again = JSON.stringify(seal(other, arrays));
    return safetensorsFile({ ...header, __metadata__: { run: again } }, body);
  } catch {
    return flipBit(generator, bytes); // The change is no JSON that can be sealed.
  }
}

/**
 * A stage that goes on from a sealed state in one file: from any that it takes it must come to the same weights, but where
 * the state was sealed again to finite ones.
 */
const state = (
  name: string,
  file: string,
  run: (folder: string) => Promise<StateDict>,
): Reader => ({
  name,
  async ready(folder) {
    const digest = weightsDigest(await run(folder));
    await cp(folder, `${folder}-whole`, { recursive: true });
    const whole = await readFile(join(folder, file));
    const { tensors } = await readSafetensors(join(folder, file));
    const again = new WeakSet<Uint8Array>();
    return {
      mutate(generator) {
        const how = generator.uniform();
        if (how < 0.5) return { [file]: flipBit(generator, whole) };
        if (how < 0.75) return { [file]: mutateSafetensors(generator, whole) };
        const bytes = sealAgain(generator, whole, tensors);
        again.add(bytes);
        return { [file]: bytes };
      },
      async read(files) {
        try {
          const weights = await run(folder);
          const wrong = nonFinite(weights);
          require(wrong === undefined, () => wrong!);
          if (!again.has(files[file]!))
            require(weightsDigest(weights) === digest, () => 'another state was taken as saved');
        } finally {
          // A run that was taken may have gone on.
          await rm(folder, { recursive: true });
          await cp(`${folder}-whole`, folder, { recursive: true });
        }
      },
    };
  },
});

/** `fit` over a folder in which it has come to its end. */
const training = state('training-state', 'training.safetensors', async (directory) => {
  await using own = await engine();
  const options = { model: model(), train: syntheticData(model(), 8), epochs: 2, batchSize: 4 };
  const optimizer = { lr: 1e-3 };
  const more = { seed: 1, emaDecay: 0.9, optimizer, directory, onWarning: () => {} };
  return (await fit({ ...options, ...more, engine: own })).weights;
});

/** `bottomUpCascade` over a folder in which it has come to its end. */
const cascade = state('cascade-state', 'cascade.safetensors', async (directory) => {
  await using own = await engine();
  const result = await bottomUpCascade({
    model: model(),
    weights: largeWeights(model()),
    engine: own,
    data: syntheticData(model(), 16),
    batchSize: 8,
    seed: 3,
    epsilon: 60,
    rho: 0.5,
    tokenSelector: (counts) => lfe({ counts }),
    directory,
  });
  return result.weights;
});

const selected = seal({
  model: { name: 'vit_tiny_patch16_224', config: {} },
  kept: { 'blocks.0.mlp.hidden': [0, 2, 5], 'blocks.1.mlp.hidden': [1] },
});

/** Whether a file still says that it is sealed. */
function isSealed(bytes: Uint8Array): boolean {
  try {
    return Object.hasOwn(JSON.parse(Buffer.from(bytes).toString()), 'checksum');
  } catch {
    return false;
  }
}

/** `readSelection`: what is sealed gives the channels that were, all else lists of channels in rising order. */
const selection: Reader = {
  name: 'selection-json',
  async ready(folder) {
    const path = join(folder, 'selection.json');
    const whole = Buffer.from(`${JSON.stringify(selected, null, 1)}\n`);
    const flips = new WeakSet<Uint8Array>();
    return {
      mutate(generator): Files {
        const flipped = chance(generator, 0.5);
        const bytes = flipped
          ? flipBit(generator, whole)
          : mutateJson(generator, selected as unknown as Json);
        if (flipped) flips.add(bytes);
        return { 'selection.json': bytes };
      },
      async read(files) {
        const bytes = files['selection.json']!;
        const kept = await readSelection(path);
        if (flips.has(bytes) || isSealed(bytes))
          require(isDeepStrictEqual(kept, selected.kept), () => 'other channels than were chosen');
        for (const [name, channels] of Object.entries(kept))
          require(channels.every(
            (c, i) => Number.isSafeInteger(c) && c > (channels[i - 1] ?? -1),
          ), () => `${name}: ${channels}`);
      },
    };
  },
};

export const sealed: readonly Reader[] = [training, cascade, selection];
