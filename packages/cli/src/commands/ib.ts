import { Generator, KcrError, type NdArray, readSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { measureInformation } from '@kcr/ib-bound';
import type { Command } from 'commander';
import { classCount } from '../feature-file.ts';
import { positive, whole } from '../options.ts';
import { printResult } from '../output.ts';

interface IbCommandOptions {
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
export function addIb(kcr: Command): void {
  kcr
    .command('ib')
    .description('information bottleneck and its bound, in nats, of features, inputs and labels')
    .argument(
      '<file>',
      'safetensors file with `features` [n, d], `inputs` [n, p], `labels` [n] and, if they are given, `featureCentroids`, `inputCentroids`',
    )
    .option('--beta <value>', 'inverse temperature of the soft assignments', positive, 1)
    .option('--no-normalise', 'take rows and centroids as they are, not scaled to length 1')
    .option('--seed <n>', 'seed of the clusters that are not given', whole, 0)
    .option('--json', 'print the result as JSON')
    .action(async (path: string, options: IbCommandOptions) => {
      printResult(await measure(path, options), options.json);
    });
}

async function measure(path: string, options: IbCommandOptions): Promise<object> {
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
  const labels = needed('labels');
  const classes = classCount(labels, path);
  const { iXtX, iXtY, ib, ibb, constant } = measureInformation({
    features: toFeatures(needed('features'), `${path}, features`),
    inputs: toFeatures(needed('inputs'), `${path}, inputs`),
    labels: labels.data,
    classes,
    featureCentroids: optional('featureCentroids'),
    inputCentroids: optional('inputCentroids'),
    beta: options.beta,
    normalize: options.normalise,
    generator: new Generator(options.seed),
  });
  return { iXtX, iXtY, ib, ibb, constant };
}
