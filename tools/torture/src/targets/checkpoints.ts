import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Adapter,
  adapt,
  compileInference,
  createEagerEngine,
  type LoadedModel,
  type Model,
  plainPreprocessing,
  saveModel,
  sizeOf,
} from '@kcr/core';
import { nonFinite } from '@kcr/core/internal';
import { evit, tome } from '@kcr/criteria';
import { lfe } from '@kcr/lfc';
import { qkMask } from '@kcr/masks';
import { loadCheckpoint } from '@kcr/pipeline';
import { largeWeights, noise, smallModels } from '../../../integration/src/helpers.ts';
import { type Json, type JsonObject, jsonText, mutateJson, mutateValue } from '../mutate-json.ts';
import { mutateSafetensors } from '../mutate-safetensors.ts';
import { type Files, type Reader, require, requireFinite } from '../target.ts';

/** Writes a checkpoint of a model with drawn weights. */
export async function writeCheckpoint(folder: string, model: Model): Promise<void> {
  const classes = Array.from({ length: model.classes }, (_, i) => `class ${i}`);
  const info = { classes, input: plainPreprocessing(model.inputShape) };
  await saveModel(folder, model, largeWeights(model), info);
}

/** @throws Wrong for a model without the weights, the finite numbers and the names that it should have */
export function requireWhole({ model, weights, info }: LoadedModel): void {
  for (const { name, shape } of model.params) {
    const array = weights[name];
    require(array?.data.length === sizeOf(shape), () => `weights ${name} for [${shape}]`);
  }
  const wrong = nonFinite(weights);
  require(wrong === undefined, () => wrong!);
  requireFinite({ macs: model.macs.total, parameters: model.parameterCount, input: info.input });
  require(info.classes.length === model.classes, () => `${info.classes.length} classes`);
}

/** A checkpoint folder of a model, one of whose two files is another. */
const checkpoint = (name: string, make: () => Model, changes: 'json' | 'weights'): Reader => ({
  name,
  async ready(folder) {
    await writeCheckpoint(folder, make());
    const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as Json;
    const weights = await readFile(join(folder, 'model.safetensors'));
    return {
      mutate: (generator): Files =>
        changes === 'json'
          ? { 'model.json': mutateJson(generator, json) }
          : { 'model.safetensors': mutateSafetensors(generator, weights) },
      read: async () => requireWhole(await loadCheckpoint(folder)),
    };
  },
});

/** What a model gives for an image of noise. */
async function requireOutputs({ model, weights }: LoadedModel): Promise<void> {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  engine.set(weights);
  await using inference = compileInference(engine, model);
  const outputs = await inference({ image: noise([1, ...model.inputShape], 1) });
  const wrong = nonFinite(outputs);
  require(wrong === undefined, () => `outputs: ${wrong}`);
}

/** A checkpoint of a model with an adapter whose options are others: the adapter alone knows which it can take. */
const adapter = (name: string, make: Adapter): Reader => ({
  name: `adapter-${name}`,
  async ready(folder) {
    await writeCheckpoint(folder, adapt(smallModels.vit!(), [make]));
    const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8')) as JsonObject;
    const [own] = json.adapters as readonly [JsonObject];
    return {
      mutate(generator): Files {
        const options = mutateValue(generator, own.options!);
        return {
          'model.json': Buffer.from(jsonText({ ...json, adapters: [{ ...own, options }] })),
        };
      },
      async read() {
        const loaded = await loadCheckpoint(folder);
        requireWhole(loaded);
        await requireOutputs(loaded);
      },
    };
  },
});

const adapted = () => adapt(smallModels.vit!(), [qkMask({ initial: 0.5 }), lfe({ counts: [3] })]);

/** `loadCheckpoint`: weights of the model's shapes, finite numbers, a name for each class. */
export const checkpoints: readonly Reader[] = [
  checkpoint('model-json', adapted, 'json'),
  checkpoint('model-json-mobilevit', smallModels.mobilevit!, 'json'),
  checkpoint('model-json-swin', smallModels.swin!, 'json'),
  adapter('qk-mask', qkMask({ initial: 0.5 })),
  adapter('lfe', lfe({ counts: [3], sigma: 0.85, form: 'paper', inPlace: false })),
  adapter('evit', evit({ keepRatio: 0.5, blocks: [0], fuse: true })),
  adapter('tome', tome({ r: 1, proportional: true })),
  checkpoint('model-weights', smallModels.vit!, 'weights'),
];
