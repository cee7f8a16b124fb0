import { eagerEngine } from '../engines.ts';
import { type CheckOf, fails, holds, leftOut } from '../suite.ts';
import { shortRun, train } from '../training.ts';
import { farthest, numberText } from '../values.ts';
import { type ModelSubject, NO_IMAGES, placeOf } from './subject.ts';

export const seed: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'two trainings with one seed end with the same weights, bit for bit: random numbers come from m.draw(), and first weights from their initialiser',
  async run(subject) {
    const { model, images } = subject;
    if (!images) return leftOut(NO_IMAGES);
    const options = { ...shortRun(model, images), epochs: 1 };
    const [a, b] = [await train(eagerEngine, options), await train(eagerEngine, options)];
    const { name, difference } = farthest(a.weights, b.weights);
    return difference === 0
      ? holds('the same weights')
      : fails(`${name} ${numberText(difference)} apart`, placeOf(subject, name));
  },
};
