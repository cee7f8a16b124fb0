import { KcrError, type Model, type ModelParts } from '@kcr/core';

/** What says its own name and module in checkpoints. */
interface Named {
  readonly module: string;
  readonly name: string;
}

/** Gives `value` where a checkpoint names `own`. @throws KcrError `NOT_FOUND_AGAIN` */
export function ifNamed<T>(own: Named, module: string, name: string, value: T): T {
  if (module === own.module && name === own.name) return value;
  throw new KcrError('NOT_FOUND_AGAIN', {
    where: 'model.json',
    found: `${module}#${name} instead of ${own.module}#${own.name}`,
    fix: 'Give the extension the module and the name that it is exported with',
  });
}

/** Finds the parts of a checkpoint of a model among the parts that it was made of. */
export function partsOf(
  { architecture }: Model,
  { head, adapter }: Pick<ModelParts, 'head' | 'adapter'>,
): ModelParts {
  const own = architecture.backbone ?? architecture;
  return { architecture: (module, name) => ifNamed(own, module, name, own), head, adapter };
}

/** Stands for adapters of a model that has none. */
export const noAdapter = (module: string, name: string): never => {
  throw new KcrError('NOT_FOUND_AGAIN', {
    where: 'model.json',
    found: `an adapter ${module}#${name} of a model that has none`,
    fix: 'Leave adapters to those who use the model',
  });
};
