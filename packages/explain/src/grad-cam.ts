import {
  type Engine,
  float32,
  type Model,
  type NdArray,
  oneHot,
  type Tensor,
  tf,
  valueAndGradients,
} from '@kcr/core';
import { applyWithTaps, findTap, toGrid } from './taps.ts';

export interface GradCamOptions {
  /** The class of each image to explain. Default: the one that the model predicts. */
  classes?: Int32Array;
  /** A tap `in` of an attention layer. Default: the last one. */
  tap?: string;
}

/**
 * Grad-CAM (Selvaraju et al. 2017) at the input of an attention layer: relu(sum_k w_k A_k), with A the
 * values of the tap and w_k the mean over the tokens of the class logit's gradient.
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
  const { name, layout } = findTap(model, 'in', tap);
  const names = new Set([name]);
  const n = images.shape[0]!;
  await using step = engine.compile('grad-cam', (context) => {
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
    return { outputs: { cam: tf.relu(tf.sum(tf.mul(perImage(values), weights), 2)) } };
  });
  const label: NdArray | undefined = classes && { dtype: 'int32', shape: [n], data: classes };
  const { cam } = await step({ image: images, ...(label ? { label } : {}) });
  const tokens = layout.positions.length;
  const area = layout.height * layout.width;
  const maps = float32([n, layout.height, layout.width]);
  for (let i = 0; i < n; i++) {
    const grid = toGrid(layout, (token) => cam!.data[i * tokens + token]!);
    const most = grid.reduce((a, b) => Math.max(a, b), 0);
    maps.data.set(most > 0 ? grid.map((x) => x / most) : grid, i * area);
  }
  return maps;
}
