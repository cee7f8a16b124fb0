import { Generator, KcrError, readSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { complexity, type LandmarkSampling } from '@kcr/nystrom';
import { printResult } from '../output.ts';

export interface ComplexityCommandOptions {
  rank: number;
  landmarks: number;
  sampling: LandmarkSampling;
  seed: number;
  json?: boolean;
}

/** `kcr complexity`: TNN and KC of the tensor `features` [n, d] in a safetensors file. */
export async function complexityCommand(
  path: string,
  options: ComplexityCommandOptions,
): Promise<void> {
  const { features } = (await readSafetensors(path)).tensors;
  if (!features)
    throw new KcrError('FEATURES_MISSING', {
      where: path,
      found: 'no tensor named "features"',
      fix: 'Save the features as float32 [n, d] under that name',
    });
  const { rank, landmarks, sampling, seed } = options;
  const generator = new Generator(seed);
  const { n, d, trace, tnn, tnnApprox, kc, akc } = complexity(toFeatures(features, path), {
    rank,
    landmarks,
    sampling,
    generator,
  });
  printResult(
    { n, d, rank, trace, tnn, tnnApprox, kc: kc.value, kcArgmin: kc.argmin, akc: akc.value },
    options.json ?? false,
  );
}
