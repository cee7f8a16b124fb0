import { KcrError } from '../ground/error.ts';
import type { Dim } from './dim.ts';

/** The error of a selection that names a dimension which the model does not have. */
export const unknownDim = (
  where: string,
  model: {
    readonly architecture: { readonly name: string };
    readonly dims: ReadonlyMap<string, Dim>;
  },
) =>
  new KcrError('SELECTION_DIM', {
    where,
    found: `no dimension of that name in ${model.architecture.name}`,
    fix: `Use one of ${[...model.dims.keys()].slice(0, 4).join(', ')}, ... (\`dims\` of the model has all)`,
  });
