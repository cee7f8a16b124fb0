import {
  type Engine,
  float32,
  type Model,
  type NdArray,
  oneHot,
  type StepContext,
  type Tensor,
  type TokenLayout,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { applyWithTaps, findTap } from './taps.ts';
import { toMap } from './to-grid.ts';

export interface GradCamOptions {
  /** The class of each image to explain. Default: the one that the model predicts. */
  classes?: Int32Array;
  /** A tap `in` of an attention layer. Default: the last one. */
  tap?: string;
}

/** Grad-CAM as a step, for an engine or for a file. */
export interface GradCamStep {
  /** The tap that is read. */
  readonly tap: string;
  /** Where its tokens lie. */
  readonly layout: TokenLayout;
  /**
   * @param context with the inputs `image`, normalised, and `label`, int32 [n]; without a label the class is the one that the model predicts
   * @returns `cam` of each token of the tap, 0 or more
   */
  run(context: Pick<StepContext, 'inputs' | 'state'>): { cam: Tensor };
}

/**
 * Grad-CAM (Selvaraju et al. 2017) at the input of an attention layer: relu(sum_k w_k A_k), with A the
 * values of the tap and w_k the mean over the tokens of the class logit's gradient.
 *
 * @param tap a tap `in` of an attention layer. Default: the last one
 * @throws KcrError `TAP_UNKNOWN`
 */
export function gradCamStep(model: Model, tap?: string): GradCamStep {
  const { name, layout } = findTap(model, 'in', tap);
  const names = new Set([name]);
  return {
    tap: name,
    layout,
    run(context) {
      const n = context.inputs.image!.shape[0]!;
      let values!: Tensor;
      const plain = applyWithTaps(model, context, names, (value) => {
        values = value;
        return value;
      });
      const label = context.inputs.label ?? tf.argMax(plain.logits, 1);
      const targets = oneHot(label, model.classes);
      // The gradient by what is added to a value is the gradient by the value.
      const added = tf.zeros(values.shape);
      const { gradients } = valueAndGradients(() => {
        const { logits } = applyWithTaps(model, context, names, (value) => tf.add(value, added));
        return { loss: tf.sum(tf.mul(logits, targets)), aux: {} };
      }, [added]);
      const perImage = (x: Tensor) => tf.reshape(x, [n, -1, x.shape.at(-1)!]);
      const weights = tf.mean(perImage(gradients[0]!), 1, true);
      return { cam: tf.relu(tf.sum(tf.mul(perImage(values), weights), 2)) };
    },
  };
}

/**
 * {@link gradCamStep} of images, as maps.
 *
 * @param engine its state has the model's weights
 * @param images [n, height, width, channels], normalised
 * @returns [n, rows, columns] of the tap's map, each image's largest value 1 (all 0 where nothing speaks
 *   for the class)
 * @throws KcrError `TAP_UNKNOWN`
 */
export async function gradCam(
  engine: Engine,
  model: Model,
  images: NdArray,
  { classes, tap }: GradCamOptions = {},
): Promise<NdArray> {
  const { layout, run } = gradCamStep(model, tap);
  const n = images.shape[0]!;
  await using step = engine.compile('grad-cam', (context) => ({ outputs: run(context) }));
  const label: NdArray | undefined = classes && { dtype: 'int32', shape: [n], data: classes };
  const { cam } = await step({ image: images, ...(label ? { label } : {}) });
  const tokens = layout.positions.length;
  const area = layout.height * layout.width;
  const maps = float32([n, layout.height, layout.width]);
  for (let i = 0; i < n; i++)
    maps.data.set(
      toMap(layout, (token) => cam!.data[i * tokens + token]!),
      i * area,
    );
  return maps;
}
