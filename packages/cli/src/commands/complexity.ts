import { Generator, KcrError, type NdArray, readSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { complexity, type LandmarkSampling, landmarkSamplings } from '@kcr/nystrom';
import { type Command, Option } from 'commander';
import { count, counts, whole } from '../options.ts';
import { printResult } from '../output.ts';
import { showCurve } from './complexity-curve.ts';

interface ComplexityCommandOptions {
  rank?: number;
  landmarks?: number;
  sampling: LandmarkSampling;
  seed: number;
  curve?: readonly number[] | true;
  draws: number;
  step: number;
  out?: string;
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
    .addOption(
      new Option(
        '--curve [m...]',
        "what m landmarks give, in each way of choosing them: TNN, A-KC and, of a file with `labels` [n], the loss's upper bound (default: 24, 48, ... n)",
      ).argParser(counts),
    )
    .option('--draws <k>', 'of --curve: draws of landmarks for each mean', count, 5)
    .option('--step <t>', 'of --curve: step of gradient descent that the bound is of', whole, 4096)
    .option('--out <folder>', 'of --curve: for curve.json and the pictures tnn, kc, bound.svg')
    .option('--json', 'print the result as JSON')
    .action(async (path: string, options: ComplexityCommandOptions) => {
      const tensors = await read(path);
      const { curve } = options;
      if (curve) await showCurve(path, tensors, { ...options, curve });
      else printResult(measure(path, tensors, options), options.json);
    });
}

async function read(path: string): Promise<Record<'features', NdArray> & Record<string, NdArray>> {
  const { features, ...rest } = (await readSafetensors(path)).tensors;
  if (features) return { ...rest, features };
  throw new KcrError('FEATURES_MISSING', {
    where: path,
    found: 'no tensor named "features"',
    fix: 'Save the features as float32 [n, d] under that name',
  });
}

function measure(
  path: string,
  { features }: Record<'features', NdArray>,
  options: ComplexityCommandOptions,
): object {
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
