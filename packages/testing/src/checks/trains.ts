import { eagerEngine } from '../engines.ts';
import { type CheckOf, holds, leftOut } from '../suite.ts';
import { TracingEngine } from '../tracing-engine.ts';
import { startTraining } from '../trainers.ts';
import { livelyWeights, numberText } from '../values.ts';
import { type ModelSubject, NO_IMAGES } from './subject.ts';

export const trains: CheckOf<ModelSubject> = {
  expected: 'a training step can be traced and run',
  async run({ model, images }) {
    if (!images) return leftOut(NO_IMAGES);
    const weights = livelyWeights(model);
    await using tracing = new TracingEngine();
    const traced = await startTraining(tracing, model, images, weights);
    await traced.step();
    await traced.trainer.dispose();
    await using eager = await eagerEngine();
    const run = await startTraining(eager, model, images, weights);
    const loss = await run.step();
    await run.trainer.dispose();
    return holds(`a loss of ${numberText(loss)}`);
  },
};
