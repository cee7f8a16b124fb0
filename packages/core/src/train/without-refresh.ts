import type { Plugin } from './plugin.ts';

/** A plugin without what it does between epochs, for which it may read all images: to measure the updates alone. */
export const withoutRefresh = (plugin: Plugin): Plugin => ({
  ...plugin,
  setup(run) {
    const { refresh: _, ...hooks } = plugin.setup(run);
    return hooks;
  },
});
