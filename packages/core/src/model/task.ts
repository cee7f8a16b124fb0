import type { CompiledStep } from '../engine/engine.ts';
import { KcrError } from '../ground/error.ts';
import type { Extension } from '../ground/extension.ts';
import type { Tensor } from '../tensor/tf.ts';
import type { ImageSet } from './batch.ts';
import type { ModelOutput } from './model-output.ts';

type Named = Readonly<Record<string, Tensor>>;

/** The task of architectures that name none. */
export const DEFAULT_TASK = 'classification';

/** What a model is trained for: its loss, what evaluation reads of it, and how good it is. */
export interface Task extends Extension {
  /** The shares among the numbers of {@link evaluate}, with what people call them; the first says how good a model is. */
  readonly metrics: Readonly<Record<string, string>>;
  /** What plugins may compare logits with, [batch, classes]; absent where images have no class of their own. */
  targets?(inputs: Named, classes: number): Tensor;
  /** The terms of the training loss, by name. */
  losses(out: ModelOutput, targets: Tensor | undefined, labelSmoothing: number): Named;
  /** What evaluation reads of the model. */
  outputs(out: ModelOutput): Named;
  /**
   * How good a model is on a set; `inference` gives {@link outputs}.
   *
   * @param onImage told of each image, in order, whether the model is right, by tasks whose first metric is the share of such images
   */
  evaluate(
    inference: CompiledStep,
    data: ImageSet,
    batchSize: number,
    onImage?: (right: boolean) => void,
  ): Promise<Record<string, number>>;
}

/** Stands for classes of images in a task that has none. @throws KcrError `TASK_CLASSES` */
export function noClasses(where: string, task: Task): never {
  throw new KcrError('TASK_CLASSES', {
    where,
    found: `a class for each image is needed, which ${task.name} does not have`,
    fix: 'Take the plugin or criterion that reads it out of this run',
  });
}

/** Refuses a model that gives features alone where classes are told apart. @throws KcrError `TASK_CLASSES` */
export function requireClasses({ classes }: { readonly classes: number }, where: string): void {
  if (classes === 0)
    throw new KcrError('TASK_CLASSES', {
      where,
      found: 'a model of features alone, which tells no classes apart',
      fix: 'Make it with classes (num_classes), which a new classifier learns, and train it',
    });
}
