import type { Plugin } from 'vite';
import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

const asked = "{ backend = (await loadNative()) ? NATIVE : 'wasm' } = options;";

/*
 * The tests of the whole repository with every eager engine on tfjs-node, also those that ask for wasm or cpu:
 * `npx vitest run --config tools/tfjs-node/vitest.config.ts --root . PATH`, once `tools/tfjs-node/build.sh` has been run.
 * Tests that ask for another backend by name, or look for it, cannot pass so (docs/engines.md).
 */
const onTfjsNode: Plugin = {
  name: 'eager-on-tfjs-node',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/core/src/engine/eager.ts')) return undefined;
    if (!code.includes(asked)) throw new Error(`${id}: no "${asked}"`);
    return code.replace(asked, "backend = options.backend === 'abacus' ? 'abacus' : NATIVE;");
  },
};

export default mergeConfig(base, { plugins: [onTfjsNode] });
