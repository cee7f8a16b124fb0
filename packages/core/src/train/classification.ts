import type { ImageSet, LabelledBatch } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import { DEFAULT_TASK, type Task } from '../model/task.ts';
import { crossEntropy } from '../ops/cross-entropy.ts';
import { oneHot } from '../ops/one-hot.ts';
import { evaluate } from './classification-evaluation.ts';

/** One class for each image: cross-entropy, top-1 and top-5. */
export const classification: Task = {
  name: DEFAULT_TASK,
  contract: 1,
  metrics: { top1: 'top-1' },
  targets: ({ label, target }, classes) => target ?? oneHot(label!, classes),
  losses: ({ logits }, targets, labelSmoothing) => ({
    crossEntropy: crossEntropy(logits, targets!, labelSmoothing),
  }),
  outputs: ({ logits }) => ({ logits }),
  async evaluate(inference, data: ImageSet<LabelledBatch>, batchSize, onImage) {
    const { n, ...result } = await evaluate(inference, data, batchSize, onImage);
    return result;
  },
};

/** What a model is trained for: its architecture's task, or classification. */
export const taskOf = ({ architecture }: Pick<Model, 'architecture'>): Task =>
  architecture.task ?? classification;
