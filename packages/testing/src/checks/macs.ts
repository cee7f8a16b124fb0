import { countMacs, type Graph, type Model, taskOf } from '@kcr/core';
import { graphMacs, trace } from '@kcr/core/internal';
import { type CheckOf, fails, holds } from '../suite.ts';
import { numberText } from '../values.ts';
import { halfOf } from './selections.ts';
import { type ModelSubject, placeOf } from './subject.ts';

/** The evaluation of one image. */
const evaluationGraph = (model: Model): Graph =>
  trace(({ input }) => {
    const state = new Map(model.params.map((p) => [p.name, input(p.name, p.shape, p.dtype)]));
    const out = model.apply(input('image', [1, ...model.inputShape]), {
      state: (name) => state.get(name)!,
    });
    return { ...taskOf(model).outputs(out), logits: out.logits, features: out.features };
  });

/** Whether a path is another one or lies in it; all paths lie in the empty one. */
const liesIn = (path: string, outer: string) =>
  outer === '' || path === outer || path.startsWith(`${outer}.`);

/** MACs by path of the model: those that are counted, and those that its graph has. */
interface MacsByPath {
  readonly counted: readonly (readonly [string, number])[];
  readonly traced: readonly (readonly [string, number])[];
}

const macsByPath = (model: Model): MacsByPath => {
  const graph = evaluationGraph(model);
  return {
    counted: model.costs.map((entry) => [entry.name, countMacs([entry]).total]),
    traced: graph.nodes.map((node) => [
      graph.paths.get(node) ?? '',
      graphMacs({ ...graph, nodes: [node] }),
    ]),
  };
};

const within = (entries: MacsByPath['counted'], path: string) =>
  entries.reduce((sum, [name, macs]) => (liesIn(name, path) ? sum + macs : sum), 0);

/** The innermost path that has all of the difference between the two counts. */
function differingPath(macs: MacsByPath): string {
  const difference = (path: string) => within(macs.counted, path) - within(macs.traced, path);
  const whole = difference('');
  let path = '';
  for (;;) {
    const depth = path === '' ? 0 : path.split('.').length;
    const children = new Set(
      [...macs.counted, ...macs.traced]
        .map(([name]) => name)
        .filter((name) => liesIn(name, path) && name !== path && name !== '')
        .map((name) =>
          name
            .split('.')
            .slice(0, depth + 1)
            .join('.'),
        ),
    );
    const inner = [...children].find((child) => difference(child) === whole);
    if (inner === undefined) return path;
    path = inner;
  }
}

export const macs: CheckOf<ModelSubject> = {
  expected:
    'the cost list has every matrix product and convolution of the graph, before and after pruning: layers of @kcr/core report theirs, products of your own need m.cost()',
  run(subject) {
    const { model } = subject;
    for (const [state, current] of [
      ['', model],
      [' with half of the channels', halfOf(model)],
    ] as const) {
      const macs = macsByPath(current);
      const [counted, traced] = [within(macs.counted, ''), within(macs.traced, '')];
      if (counted === traced) continue;
      const path = differingPath(macs);
      const own = [macs.counted, macs.traced].map((entries) => numberText(within(entries, path)));
      const found = `${numberText(counted)} MACs counted and ${numberText(traced)} in the graph${state}; in ${path || 'the model'} ${own[0]} counted and ${own[1]} there`;
      return fails(found, placeOf(subject, path));
    }
    return holds(`${numberText(model.macs.total)} MACs in both`);
  },
};
