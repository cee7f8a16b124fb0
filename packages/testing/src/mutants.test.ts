import {
  type AllocationContext,
  type Dim,
  defineAdapter,
  defineAllocator,
  defineCriterion,
  defineOp,
  definePlugin,
  defineTokenSelector,
  float32,
  layerNorm,
  linear,
  Model,
  partOf,
  prunableDims,
  type Scope,
  selectCounts,
  type Tensor,
  tf,
  tokensToKeep,
  uniform,
  withDefaults,
  zeros,
} from '@kcr/core';
import { defineHead, type Head, segmentationLoss, semanticSegmentation } from '@kcr/detect';
import { describe, expect, test } from 'vitest';
import { adapterChecks } from './check-adapter.ts';
import { allocatorChecks } from './check-allocator.ts';
import { backboneChecks } from './check-backbone.ts';
import { criterionChecks } from './check-criterion.ts';
import { headChecks } from './check-head.ts';
import { pluginChecks } from './check-plugin.ts';
import { tokenSelectorChecks } from './check-token-selector.ts';
import { failures, reportText } from './report.ts';
import { runChecks, type Suite } from './suite.ts';
import { backbone, type Faults } from './testing.ts';

/** Speed never fails; the others compile steps, which takes longer than all else, and are run where they are meant. */
const slow = ['speed', 'exported', 'engines', 'resumes', 'selects'];
const models = {
  small: () => {
    const architecture = backbone();
    return new Model(architecture, architecture.configure({})) as unknown as Model;
  },
};

/** Found before a test could put another in their place, as an author's module would find them. */
const { random } = Math;

/** An op that gives its input, whose gradient is twice what it should be. */
const doubled = defineOp({
  name: 'TestingDoubledGradient',
  inputs: ['x'],
  compute: ({ x }) => tf.mul(x, 1),
  gradient: ({ dy }) => ({ x: () => tf.mul(dy, 2) }),
});

const onEager = () => tf.getBackend() !== 'kcr-trace';

/** An MLP with something between its layers. */
const mlpWith =
  (between: (m: Scope, x: Tensor, hidden: Dim) => Tensor) =>
  (m: Scope, x: Tensor, embed: Dim): Tensor => {
    const hidden = m.dim('hidden', 2 * embed.full);
    const y = between(m, linear(m.child('fc1'), x, embed, hidden), hidden);
    return linear(m.child('fc2'), y, hidden, embed);
  };

let kept: Tensor[] = [];
let calls = 0;

const backbones: Readonly<Record<string, [fails: string, faults: Faults]>> = {
  'products without a cost': ['macs', { cost: false }],
  'a configuration that grows': [
    'builds',
    {
      configure: (config) => {
        const { width, ...full } = withDefaults(
          'small',
          { width: 6, heads: 2, num_classes: 3 },
          config,
        );
        return { ...full, width: width + 2 };
      },
    },
  ],
  'a stride that is not that of its map': ['stages', { stride: 4 }],
  'a mean over a dim that may be pruned': [
    'pruned',
    {
      mlp: mlpWith((m, x, hidden) => m.tap('hidden', tf.sub(x, tf.mean(x, -1, true)), hidden)),
    },
  ],
  'a tap after something that is not 0 where its input is': [
    'pruned',
    { mlp: mlpWith((m, x, hidden) => tf.cos(m.tap('hidden', x, hidden))) },
  ],
  'a mean over the batch in JavaScript': [
    'exported',
    { tokens: (m, x) => (m.training ? x : tf.add(x, tf.mul(tf.square(x), 1 / x.shape[0]!))) },
  ],
  'a dim without a tap': ['builds', { mlp: mlpWith((_, x) => x) }],
  'a norm of core over a dim that may be pruned': [
    'builds',
    { mlp: mlpWith((m, x, hidden) => layerNorm(m, m.tap('hidden', x, hidden), hidden)) },
  ],
  'a logit too many': ['builds', { logits: 1 }],
  'chance in a training step': [
    'trains',
    { tokens: (m, x) => (m.training ? tf.mul(x, Math.random()) : x) },
  ],
  'something else on another backend': [
    'engines',
    { tokens: (m, x) => (m.training && onEager() ? tf.mul(x, tf.abs(x)) : x) },
  ],
  'an op with a wrong gradient': ['gradients', { tokens: (_, x) => doubled({ x }) }],
  'first weights without a seed': [
    'seed',
    {
      tokens: (m, x, embed) =>
        tf.add(
          x,
          m.param('shift', [embed], (_, shape) => new Float32Array(shape[0]!).fill(random())),
        ),
    },
  ],
  'a tensor that is kept': [
    'leaks',
    {
      tokens: (_, x) => {
        if (onEager()) kept.push(tf.keep(x.clone()));
        return x;
      },
    },
  ],
  'a variable of its own': [
    'pure',
    { tokens: (_, x) => (calls++ % 2 ? tf.add(x, tf.square(x)) : tf.add(tf.square(x), x)) },
  ],
};

const gain = (first: number) =>
  defineAdapter({
    name: 'gain',
    module: 'test',
    contract: 1,
    attach:
      ({ role }: { role: string }) =>
      () =>
      (m, value, info) =>
        info.role === role && info.dim
          ? tf.mul(
              value,
              m
                .child('gain')
                .param('weight', [info.dim], (_, [n]) => new Float32Array(n!).fill(first)),
            )
          : value,
  });

const lowRank = defineAdapter({
  name: 'low-rank',
  module: 'test',
  contract: 1,
  attach: (_: object) => () => (m, value, info) => {
    if (info.role !== 'q' || !info.dim || !info.from) return value;
    const at = m.child('low_rank');
    const down = at.param('down', [info.from.axis, 2], (g, [a, b]) => g.array(a! * b!, 'normal'));
    const up = at.param('up', [2, info.dim], zeros);
    return tf.add(
      value,
      tf
        .matMul(tf.matMul(tf.reshape(info.from.value, [-1, down.shape[0]!]), down), up)
        .reshape(value.shape),
    );
  },
});

const scaled = defineAdapter({
  name: 'scaled',
  module: 'test',
  contract: 1,
  attach:
    ({ factor }: { factor: Float32Array | { readonly 0: number; length?: number } }) =>
    () =>
    (m, value, { role }) =>
      role === 'context'
        ? tf.mul(
            value,
            tf.add(
              m.child('scaled').param('weight', [1], zeros),
              (factor.length ?? 0) > 0 ? 1 : 0.5,
            ),
          )
        : value,
});

const selector = ({ scores, all = false }: { scores: (tokens: Tensor) => Tensor; all?: boolean }) =>
  defineTokenSelector({
    name: 'selector',
    module: 'test',
    contract: 1,
    select: ({ counts }: { counts: readonly number[] }) => ({
      keep: all ? (_, n) => n : tokensToKeep('selector', { counts }),
      scores: ({ tokens }) => scores(tokens),
    }),
  });

/** A plugin of one loss term, with a weight. */
const regulariser = definePlugin({
  name: 'regulariser',
  contract: 1,
  attach:
    ({ eta }: { eta: number }) =>
    () => ({
      loss: ({ features }) => tf.mul(eta, tf.mean(tf.square(features))),
    }),
});

const plugins: Readonly<Record<string, [fails: string, suite: () => Suite]>> = Object.fromEntries(
  Object.entries({
    'a gradient of its own that is wrong': [
      'gradients',
      () => ({ loss: ({ features }) => tf.mean(tf.square(doubled({ x: features }))) }),
    ],
    'a loss without its weight': [
      'zero',
      () => ({ loss: ({ features }) => tf.mean(tf.square(features)) }),
    ],
    'a count of epochs in a variable': [
      'resumes',
      (run) => {
        let epochs = 0;
        const count = run.input('count', () => epochs);
        return {
          loss: ({ features }) => tf.mul(count.value, tf.mean(tf.square(features))),
          refresh: async () => void epochs++,
        };
      },
    ],
    'a count of steps in a variable, beside a buffer of them': [
      'resumes',
      (run) => {
        const steps = run.hostBuffer('steps', float32([1])).data;
        let [own, counted] = [0, 0];
        return {
          observe() {
            steps[0]!++;
            own++;
          },
          async refresh() {
            counted = own;
            own = 0;
          },
          metrics: async () => ({ counted }),
        };
      },
    ],
    'a tensor that metrics() makes': [
      'leaks',
      () => ({ metrics: async () => ({ one: (await tf.scalar(1).data())[0]! }) }),
    ],
    'a selection of a dim that is not there': [
      'selects',
      (run) => {
        const gate = run.parameter('gate', float32([1], 1));
        return {
          loss: () => tf.mul(0.1, tf.sum(gate.value)),
          select: async () => ({ nothing: [0] }),
        };
      },
    ],
    'a hook that is async': ['builds', () => ({ watch: (async () => ({})) as never })],
    'a clock in its loss': ['builds', () => ({ loss: () => tf.scalar(Date.now()) })],
    'a loss that is no number': ['builds', () => ({ loss: ({ features }) => features })],
    'something else on another backend': [
      'engines',
      () => ({ loss: ({ features }) => tf.mul(onEager() ? 1 : 2, tf.mean(tf.square(features))) }),
    ],
    'an order of terms that changes': [
      'pure',
      () => ({
        loss: ({ features, logits }) => {
          const [a, b] = [tf.mean(tf.square(features)), tf.mean(tf.square(logits))];
          return calls++ % 2 ? tf.add(a, b) : tf.add(b, a);
        },
      }),
    ],
  } as Record<
    string,
    [
      string,
      Parameters<typeof definePlugin<{ eta: number }>>[0]['attach'] extends (o: never) => infer A
        ? A
        : never,
    ]
  >).map(([name, [check, attach]]) => [
    name,
    [
      check,
      () =>
        pluginChecks(
          definePlugin({ name: 'plugin', contract: 1, attach: (_: { eta: number }) => attach }),
          {
            options: { eta: 1 },
            zero: check === 'zero' ? { eta: 0 } : undefined,
            models,
          },
        ),
    ],
  ]),
);

type Forward = Head<object>['forward'];

/** The checks of a head of one convolution and a hidden dim, which says what becomes of its logits. */
const headOf = (
  losses: (logits: Tensor, labels: Tensor) => Record<string, Tensor>,
  own?: Forward,
) =>
  headChecks(
    defineHead<object>({
      name: 'head',
      module: 'test',
      contract: 1,
      task: semanticSegmentation,
      defaults: { num_classes: 3 },
      strides: () => [2],
      forward:
        own ??
        ((m, { maps: [map], targets, config: { num_classes } }) => {
          const { value, dim } = map!;
          const hidden = m.dim('hidden', 8);
          const x = m.tap('hidden', tf.relu(linear(m.child('fc1'), value, dim, hidden)), hidden);
          const logits = linear(m.child('fc2'), x, hidden, num_classes);
          return targets ? { logits, losses: losses(logits, targets.labels!) } : { logits };
        }),
    }),
    { models },
  );

const segmentation = (logits: Tensor, labels: Tensor) => ({
  segmentation: segmentationLoss(logits, labels),
});

const brokenHeads: Readonly<Record<string, [fails: string, suite: () => Suite]>> = {
  'under a name of the log': [
    'trains',
    () => headOf((...given) => ({ loss: segmentationLoss(...given) })),
  ],
  'without terms': ['trains', () => headOf(() => ({}))],
  'that is 0': [
    'losses',
    () => headOf((...given) => ({ segmentation: tf.mul(segmentationLoss(...given), 0) })),
  ],
  'that is a mean over no pixel': [
    'empty',
    () =>
      headOf((logits, labels) => {
        const count = tf.sum(tf.cast(tf.greaterEqual(labels, 0), 'float32'));
        return { segmentation: tf.div(tf.mul(segmentationLoss(logits, labels), count), count) };
      }),
  ],
  'but no parameters': [
    'builds',
    () =>
      headOf(segmentation, (_, { maps: [map], targets }) => {
        const logits = tf.slice(map!.value, [0, 0, 0, 0], [-1, -1, -1, 3]);
        return targets ? { logits, losses: segmentation(logits, targets.labels!) } : { logits };
      }),
  ],
  'with a wrong gradient': [
    'gradients',
    () => headOf((logits, labels) => segmentation(doubled({ x: logits }), labels)),
  ],
};

const scoresBy = (score: (size: number) => ArrayLike<number>) =>
  criterionChecks(
    defineCriterion({
      name: 'criterion',
      contract: 1,
      score:
        (_: object) =>
        ({ model }) =>
          new Map(prunableDims(model).map(({ name, size }) => [name, score(size)])),
    }),
    { options: {}, models },
  );

const ascending = (size: number) => Array.from({ length: size }, (_, i) => 1 + i);

const allocates = (allocate: (context: AllocationContext) => ReturnType<typeof selectCounts>) =>
  allocatorChecks(
    defineAllocator({ name: 'allocator', contract: 1, allocate: (_: object) => allocate }),
    {
      options: {},
      models,
    },
  );

const share = (context: AllocationContext, progress = context.progress) =>
  partOf(0.5, { ...context, progress });

/** Every broken extension, with the check that is meant for it. */
const mutants: Readonly<Record<string, [fails: string, suite: () => Suite]>> = {
  ...Object.fromEntries(
    Object.entries(backbones).map(([name, [check, faults]]): [string, [string, () => Suite]] => [
      `a backbone with ${name}`,
      [check, () => backboneChecks(backbone(faults))],
    ]),
  ),
  'an adapter that acts nowhere': [
    'builds',
    () => adapterChecks(gain(1), { options: { role: 'nowhere' }, models }),
  ],
  'an adapter that starts with a change': [
    'identity',
    () => adapterChecks(gain(2), { options: { role: 'context' }, models }),
  ],
  'an adapter with a product without a cost': [
    'macs',
    () => adapterChecks(lowRank, { options: {}, models }),
  ],
  'an adapter with an option that JSON does not hold': [
    'saved',
    () => adapterChecks(scaled, { options: { factor: Float32Array.of(1) }, models }),
  ],
  'a token selector that keeps all': [
    'builds',
    () =>
      tokenSelectorChecks(selector({ scores: (tokens) => tf.sum(tokens, 2), all: true }), {
        options: { counts: [3, 2] },
      }),
  ],
  'a token selector whose way to keep all takes one': [
    'identity',
    () =>
      tokenSelectorChecks(selector({ scores: (tokens) => tf.sum(tokens, 2) }), {
        options: { counts: [3, 2] },
        keepsAll: { counts: [3] },
      }),
  ],
  ...Object.fromEntries(
    Object.entries(plugins).map(([name, mutant]) => [`a plugin with ${name}`, mutant]),
  ),
  ...Object.fromEntries(
    Object.entries(brokenHeads).map(([name, mutant]) => [`a head with a loss ${name}`, mutant]),
  ),
  'a plugin that adds another gradient than it says': [
    'gradients',
    () =>
      pluginChecks(
        definePlugin({
          name: 'plugin',
          contract: 1,
          attach:
            ({ power }: { power: number }) =>
            () => ({
              loss: ({ features }) => tf.mean(tf.pow(features, power)),
            }),
        }),
        { options: { power: 2 }, asLoss: { power: 4 }, models },
      ),
  ],
  'a criterion that tells no channels apart': [
    'builds',
    () => scoresBy((size) => new Float32Array(size).fill(1)),
  ],
  'a criterion of chance': [
    'seed',
    () => scoresBy((size) => ascending(size).map((x) => x + 1e-5 * random())),
  ],
  'a criterion that keeps a tensor': [
    'leaks',
    () =>
      scoresBy((size) => {
        kept.push(tf.keep(tf.scalar(1)));
        return ascending(size);
      }),
  ],
  'a criterion that changes the weights': [
    'untouched',
    () =>
      criterionChecks(
        defineCriterion({
          name: 'criterion',
          contract: 1,
          score:
            (_: object) =>
            ({ model, weights }) => {
              Object.values(weights)[0]!.data[0]! += 1;
              return new Map(prunableDims(model).map(({ name, size }) => [name, ascending(size)]));
            },
        }),
        { options: {}, models },
      ),
  ],
  'a criterion that scores otherwise on another engine': [
    'engines',
    () =>
      criterionChecks(
        defineCriterion({
          name: 'criterion',
          contract: 1,
          score:
            (_: object) =>
            ({ model, engine }) =>
              new Map(
                prunableDims(model).map(({ name, size }) => [
                  name,
                  ascending(engine.name.startsWith('eager') ? size : size).map((x) =>
                    engine.name.startsWith('eager') ? x : -x,
                  ),
                ]),
              ),
        }),
        { options: {}, models },
      ),
  ],
  'an allocator that keeps the lowest scores': [
    'order',
    () =>
      allocates((context) => {
        const low = new Map(
          [...context.scores].map(([name, values]) => [name, Array.from(values, (x) => -x)]),
        );
        return selectCounts(context.model, low, ({ full }) => share(context) * full);
      }),
  ],
  'an allocator that goes the way backwards': [
    'progress',
    () =>
      allocates((context) =>
        selectCounts(
          context.model,
          context.scores,
          ({ full }) => full * (context.progress < 1 ? 0.2 : 0.6),
        ),
      ),
  ],
  'an allocator that sorts what it is given': [
    'untouched',
    () =>
      allocates((context) => {
        const kept = selectCounts(
          context.model,
          context.scores,
          ({ full }) => share(context) * full,
        );
        for (const values of context.scores.values()) (values as Float32Array).sort();
        return kept;
      }),
  ],
  'an allocator of chance': [
    'seed',
    () => {
      // Of few channels a share that is drawn would at times be alike twice; this one is not.
      let turn = 0;
      return allocates((context) => {
        const less = 0.2 * (turn++ % 2);
        return selectCounts(context.model, context.scores, ({ full }) =>
          Math.max(1, Math.floor((share(context) - less) * full)),
        );
      });
    },
  ],
  'an allocator that chooses more than it is asked for': [
    'scheduled',
    () =>
      allocates((context) => {
        const asked = selectCounts(
          context.model,
          context.scores,
          ({ full }) => share(context) * full,
        );
        const all = prunableDims(context.model).map(({ name, size }) => [
          name,
          [...Array(size).keys()],
        ]);
        return { ...Object.fromEntries(all), ...asked };
      }),
  ],
  'an allocator that gives what cannot be kept': [
    'builds',
    () => allocates(() => ({ nothing: [0] })),
  ],
};

describe('a broken extension fails the check that is meant for it, and no other', () => {
  test.each(Object.entries(mutants))('%s', async (_, [check, suite]) => {
    [kept, calls] = [[], 0];
    const { name, checks } = suite();
    const run = checks.filter((one) => one.check === check || !slow.includes(one.check));
    const report = await runChecks({ name, checks: run });
    tf.dispose(kept);
    expect(
      failures(report).map((found) => found.check),
      reportText(report),
    ).toEqual([check]);
  });
});

test.each<[string, () => Suite]>([
  ['backbone', () => backboneChecks(backbone())],
  ['adapter', () => adapterChecks(gain(1), { options: { role: 'context' }, models })],
  [
    'token selector',
    () =>
      tokenSelectorChecks(selector({ scores: (tokens) => tf.sum(tokens, 2) }), {
        options: { counts: [3, 2] },
        keepsAll: { counts: [4] },
      }),
  ],
  ['head', () => headOf(segmentation)],
  ['plugin', () => pluginChecks(regulariser, { options: { eta: 1 }, zero: { eta: 0 }, models })],
  ['criterion', () => scoresBy(ascending)],
  ['allocator', () => allocatorChecks(uniform, { options: { keepRatio: 0.5 }, models })],
])('a right %s fails none', async (_, suite) => {
  const report = await runChecks(suite());
  expect(failures(report), reportText(report)).toEqual([]);
});
