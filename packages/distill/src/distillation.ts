import {
  definePlugin,
  KcrError,
  type Model,
  type NdArray,
  oneHot,
  type Plugin,
  type PluginRun,
  type StateDict,
  shapeText,
  type Tensor,
  tf,
  weightsDigest,
} from '@kcr/core';
import { marked } from '@kcr/core/internal';

/** A trained model, or the logits that one gave for every training image, [images, classes]. */
export type Teacher = { model: Model; weights: StateDict } | { logits: NdArray };

export interface DistillationOptions {
  /** Its images must be normalised as the student's are. */
  teacher: Teacher;
  /** The teacher's probabilities as targets (Hinton et al. 2015), or its choice (DeiT). Default `soft`. */
  kind?: 'soft' | 'hard';
  /** Weight beside the cross-entropy with the labels, which keeps weight 1. Default 1. */
  weight?: number;
  /** Softens both distributions; the loss is multiplied by its square. For `soft`. Default 1. */
  temperature?: number;
}

/**
 * temperature^2 KL(teacher || student), mean over the images.
 *
 * @param teacher logits [n, classes]
 * @param student logits [n, classes]
 * @returns scalar
 */
export function softDistillationLoss(teacher: Tensor, student: Tensor, temperature = 1): Tensor {
  const [log, target] = [student, teacher].map((x) => tf.logSoftmax(tf.div(x, temperature))) as [
    Tensor,
    Tensor,
  ];
  const divergence = tf.sum(tf.mul(tf.exp(target), tf.sub(target, log)));
  return tf.mul(divergence, temperature ** 2 / student.shape[0]!);
}

/** Cross-entropy with the teacher's choice, mean over the images. Both logits [n, classes]. */
export function hardDistillationLoss(teacher: Tensor, student: Tensor): Tensor {
  const chosen = oneHot(tf.argMax(teacher, 1), student.shape[1]!);
  return tf.div(tf.neg(tf.sum(tf.mul(chosen, tf.logSoftmax(student)))), student.shape[0]!);
}

/** The teacher's logits for a step's images. @throws KcrError `TEACHER` */
function teacherLogits(run: PluginRun, teacher: Teacher) {
  const refuse = (found: string, fix: string) => {
    throw new KcrError('TEACHER', { where: 'distillation', found, fix });
  };
  if ('logits' in teacher) {
    const needed = shapeText([run.samples, run.model.classes]);
    if (shapeText(teacher.logits.shape) !== needed)
      refuse(
        `logits of ${shapeText(teacher.logits.shape)} for training images and classes of ${needed}`,
        'Store one row for each training image, in the order of the data set',
      );
    const logits = run.constant('logits', teacher.logits);
    return ({ indices }: { indices: Tensor }) => tf.gather(logits.value, indices);
  }
  const { model, weights } = teacher;
  if (model.classes !== run.model.classes)
    refuse(
      `${model.classes} classes for a student of ${run.model.classes}`,
      'Use a teacher that was trained on the same classes',
    );
  if (shapeText(model.inputShape) !== shapeText(run.model.inputShape))
    refuse(
      `images of ${shapeText(model.inputShape)} for a student of ${shapeText(run.model.inputShape)}`,
      "Use a teacher of the student's image size, or store its logits",
    );
  model.checkState(weights, 'distillation');
  const state = new Map(
    Object.entries(weights).map(([name, array]) => [name, run.constant(name, array)]),
  );
  return ({ images }: { images: Tensor }) =>
    model.apply(images, { state: (name) => state.get(name)!.value }).logits;
}

const definition = {
  name: 'distillation',
  about: 'learns from a teacher, by soft or hard labels',
  contract: 1,
} as const;

/**
 * Knowledge distillation: adds the distance of the student's logits from a teacher's to the loss. A teacher
 * model sees the augmented images that the student sees; stored logits are those of the plain images.
 *
 * @throws KcrError `TEACHER` when attached to a run that the teacher does not fit
 */
export const distillation = marked('plugin', definition, (options: DistillationOptions): Plugin => {
  const { teacher, kind = 'soft', weight = 1, temperature = 1 } = options;
  const plugin = definePlugin({
    ...definition,
    attach: () => (run: PluginRun) => {
      const logitsOf = teacherLogits(run, teacher);
      return {
        loss: (context) => {
          const given = logitsOf(context);
          const loss =
            kind === 'soft'
              ? softDistillationLoss(given, context.logits, temperature)
              : hardDistillationLoss(given, context.logits);
          return tf.mul(loss, weight);
        },
      };
    },
  })({});
  const [from, arrays] =
    'logits' in teacher
      ? ['logits', { logits: teacher.logits }]
      : [teacher.model.architecture.name, teacher.weights];
  // Not the teacher itself: options are compared, as JSON, when a run goes on.
  return {
    ...plugin,
    options: { teacher: from, digest: weightsDigest(arrays), kind, weight, temperature },
  };
});
