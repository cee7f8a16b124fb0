import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadModel, readSafetensors, type StateDict } from '@kcr/core';
import { readShards } from './shards.ts';
import type { SourceKind } from './source.ts';
import { readTimmConfig } from './timm-config.ts';

/** A checkpoint folder of the toolkit. */
export const toolkitFolder: SourceKind = {
  name: 'a checkpoint folder',
  fits: (source) => existsSync(join(source, 'model.json')),
  async read(source, { parts }) {
    const { model, weights, info } = await loadModel(source, parts);
    const { architecture, config, kept, adapters } = model;
    return {
      where: source,
      model: { architecture, config, defaults: {}, kept, adapters },
      tensors: async () => weights,
      classes: info.classes,
      input: info.input,
    };
  },
};

/** The names that timm's folders have for their weights, the first that is there is read. */
const WEIGHTS = ['model.safetensors', 'pytorch_model.bin', 'model.pth'];

/**
 * The weights of a folder: one file, or several with an index.
 *
 * @throws KcrError `WEIGHTS_PICKLE` where there are pickles alone, `WEIGHTS_INDEX`, and those of safetensors
 */
export function folderWeights(folder: string): Promise<StateDict> {
  const index = join(folder, 'model.safetensors.index.json');
  const [first = ''] = WEIGHTS;
  if (!existsSync(join(folder, first)) && existsSync(index)) return readShards(index);
  const found = WEIGHTS.find((name) => existsSync(join(folder, name)));
  return readWeights(join(folder, found ?? first));
}

const readWeights = async (path: string) => (await readSafetensors(path)).tensors;

/** A folder as timm's hub has them: `config.json`, and weights in one file or several. */
export const timmFolder: SourceKind = {
  name: 'a timm folder',
  fits: (source) => existsSync(join(source, 'config.json')),
  async read(source) {
    const { model, classes, input } = await readTimmConfig(join(source, 'config.json'));
    return { where: source, model, classes, input, tensors: () => folderWeights(source) };
  },
};

/** A safetensors file, or the index of several, beside a model's name. */
export const weightsFile: SourceKind = {
  name: 'a safetensors file',
  fits: (source) => existsSync(source) && statSync(source).isFile(),
  read: async (source) => ({
    where: source,
    tensors: () => (source.endsWith('.index.json') ? readShards(source) : readWeights(source)),
  }),
};
