import { definePlugin, type PluginHooks, type PluginRun, tf, weightAfterWarmup } from '@kcr/core';
import { BoundRun } from './bound-run.ts';
import { type IbBoundOptions, settingsOf } from './bound-settings.ts';

/**
 * DCS's regulariser: eta times the variational bound of the information bottleneck (DCS 3.3, Theorem 3.1).
 * After each epoch K-means goes on from the centroids before, on the features that the epoch's steps gave;
 * then soft assignments, then Q(a|y) follow, in this order, so that all speak of the same clusters.
 *
 * Metrics, over those features: iXtX, iXtY, ib, ibb, ibbConstant (see {@link Information}), clusterUsage
 * (effective number of clusters, as a share) and emptyClusters.
 *
 * @throws KcrError `OPTION` when attached, for a warm-up outside 0..1 or counts that cannot be
 */
export const ibBound = definePlugin({
  name: 'ib-bound',
  about: 'bounds the information bottleneck (DCS)',
  contract: 1,
  curves: {
    // DCS, figure 3.
    ib: {
      title: 'Information bottleneck I(X~,X) - I(X~,Y), and test loss (dashed)',
      y: 'IB, nats',
      right: { number: 'valLoss', y: 'test loss, nats' },
    },
    ibb: { title: 'Its bound, without the constant', y: 'nats' },
  },
  attach:
    (options: IbBoundOptions) =>
    (run: PluginRun): PluginHooks => {
      const settings = settingsOf(options, run);
      const { eta, warmup } = settings;
      const { starts, weight } = weightAfterWarmup(run, 'ib-bound', eta, warmup);
      const bound = new BoundRun(run, settings);
      return {
        observe: ({ indices, features }) => bound.observed.add(indices, features.data),
        loss: eta === 0 ? undefined : (context) => tf.mul(weight.value, bound.loss(context)),
        async refresh(context) {
          if (context.epoch > 0 || starts === 0) await bound.refresh(context);
        },
        metrics: async () => bound.metrics,
      };
    },
});
