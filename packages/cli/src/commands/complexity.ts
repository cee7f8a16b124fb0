import { Generator, KcrError, readSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { complexity, type LandmarkSampling, landmarkSamplings } from '@kcr/nystrom';
import { type Command, Option } from 'commander';
import { count, whole } from '../options.ts';
import { printResult } from '../output.ts';

interface ComplexityCommandOptions {
  rank?: number;
  landmarks?: number;
  sampling: LandmarkSampling;
  seed: number;
  json?: boolean;
}

/** `kcr complexity`: TNN and KC of the tensor `features` [n, d] in a safetensors file. */
export function addComplexity(kcr: Command): void {
  kcr
    .command('complexity')
    .description('truncated nuclear norm and kernel complexity of features')
    .argument(
      '<file>',
      'safetensors file with a tensor `features` [n, d], as `kcr features` writes',
    )
    .option('--rank <r>', 'r of the truncated nuclear norm (default: the argmin of KC)', whole)
    .option('--landmarks <m>', 'landmarks of the Nystrom method (default: 4 d)', count)
    .addOption(
      new Option('--sampling <name>', 'how landmarks are chosen')
        .choices(landmarkSamplings)
        .default('uniform'),
    )
    .option('--seed <n>', 'seed of the landmarks', whole, 0)
    .option('--json', 'print the result as JSON')
    .action(async (path: string, options: ComplexityCommandOptions) => {
      printResult(await measure(path, options), options.json);
    });
}

async function measure(path: string, options: ComplexityCommandOptions): Promise<object> {
  const { features } = (await readSafetensors(path)).tensors;
  if (!features)
    throw new KcrError('FEATURES_MISSING', {
      where: path,
      found: 'no tensor named "features"',
      fix: 'Save the features as float32 [n, d] under that name',
    });
  const { rank, landmarks, sampling, seed } = options;
  const generator = new Generator(seed);
  const {
    spectrum: _,
    kc,
    aKc,
    ...numbers
  } = complexity(toFeatures(features, path), {
    rank,
    landmarks,
    sampling,
    generator,
  });
  return {
    ...numbers,
    kc: kc.value,
    kcArgmin: kc.argmin,
    aKc: aKc.value,
    aKcArgmin: aKc.argmin,
  };
}
