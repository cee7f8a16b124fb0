import { mkdir, writeFile } from 'node:fs/promises';
import { build } from '../../tools/tsup.base.ts';
import { bundle } from './bundle.mjs';

export default build({
  async onSuccess() {
    await mkdir('dist/browser', { recursive: true });
    for (const [name, text] of Object.entries(await bundle()))
      await writeFile(`dist/browser/${name}`, text);
  },
});
