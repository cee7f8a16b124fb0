/** The most probable classes of an image, best first. */
export type ClassPrediction = readonly { readonly label: number; readonly probability: number }[];

/** The most probable classes of one image, best first: the softmax of its logits. */
export function topClasses(logits: ArrayLike<number>, count = 5): ClassPrediction {
  const values = Array.from(logits);
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const exps = values.map((x) => Math.exp(x - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps
    .map((x, label) => ({ label, probability: x / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, count);
}
