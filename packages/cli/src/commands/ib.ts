import { Generator, KcrError, type NdArray, readSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { measureInformation } from '@kcr/ib-bound';
import { printResult } from '../output.ts';

export interface IbCommandOptions {
  beta: number;
  normalise: boolean;
  seed: number;
  json?: boolean;
}

/**
 * `kcr ib`: the information bottleneck and its bound, in nats, of the tensors `features` [n, d], `inputs`
 * [n, p] and `labels` [n] in a safetensors file, and of its `featureCentroids` [A, d] and `inputCentroids`
 * [B, p] where it has them.
 */
export async function ibCommand(path: string, options: IbCommandOptions): Promise<void> {
  const { tensors } = await readSafetensors(path);
  const needed = (name: string): NdArray => {
    if (tensors[name]) return tensors[name];
    throw new KcrError('TENSOR_MISSING', {
      where: path,
      found: `no tensor named "${name}"`,
      fix: 'Save features [n, d], inputs [n, p] and labels [n] under these names',
    });
  };
  const optional = (name: string) => tensors[name] && toFeatures(tensors[name], `${path}, ${name}`);
  const labels = needed('labels').data;
  const { iXtX, iXtY, ib, ibb, constant } = measureInformation({
    features: toFeatures(needed('features'), `${path}, features`),
    inputs: toFeatures(needed('inputs'), `${path}, inputs`),
    labels,
    classes: Array.from(labels).reduce((most, y) => Math.max(most, y + 1), 0),
    featureCentroids: optional('featureCentroids'),
    inputCentroids: optional('inputCentroids'),
    beta: options.beta,
    normalize: options.normalise,
    generator: new Generator(options.seed),
  });
  printResult({ iXtX, iXtY, ib, ibb, constant }, options.json ?? false);
}
