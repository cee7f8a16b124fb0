import type { ImageSet, Model, Plugin } from '@kcr/core';
import { type CheckOf, type Finding, fails, holds, leftOut } from '../suite.ts';
import { graphLines, TracingEngine } from '../tracing-engine.ts';
import { startTraining } from '../trainers.ts';
import { livelyWeights } from '../values.ts';
import { type ModelSubject, NO_IMAGES } from './subject.ts';

/** Traces a training step twice, each in a training of its own: a step that is pure gives the same graph. */
export async function compareTraces(
  {
    model,
    images,
    plugins = () => [],
  }: { model: Model; images: ImageSet; plugins?: () => readonly Plugin[] },
  where: string,
): Promise<Finding> {
  const graphs: string[][] = [];
  const paths: string[][] = [];
  const trace = async () => {
    await using engine = new TracingEngine();
    const training = await startTraining(engine, model, images, livelyWeights(model), plugins());
    await using _trainer = training.trainer;
    await training.step();
    const { graph } = engine.graphs.at(-1)!;
    graphs.push(graphLines(graph));
    paths.push(graph.nodes.map((node) => graph.paths.get(node) ?? ''));
  };
  await trace();
  await trace();
  const [a, b] = graphs as [string[], string[]];
  const i = a.findIndex((line, at) => line !== b[at]);
  if (i < 0 && a.length === b.length) return holds(`a graph of ${a.length} nodes, both times`);
  return fails(
    `a step that was traced twice has first ${a[i] ?? 'an end'}, then ${b[i] ?? 'an end'}${paths[0]?.[i] ? `, in ${paths[0][i]}` : ''}`,
    where,
  );
}

export const pure: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'a step is the same whenever it is traced: it draws no random numbers, asks no clock, reads no tensor and changes no variable of its own',
  run: async ({ model, images, prefix }) =>
    images ? compareTraces({ model, images }, `${prefix}forward()`) : leftOut(NO_IMAGES),
};
