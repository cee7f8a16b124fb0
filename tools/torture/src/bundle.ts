import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Puts the sources of all packages and of this tool into few files, which a process loads in a tenth of the time of the many.
 *
 * @param name of the folder, whose files are replaced
 * @returns the folder of `main.mjs` and `worker.mjs`
 */
export async function bundle(name: string): Promise<string> {
  const folder = `${root}node_modules/.cache/${name}`;
  const source = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  await build({
    entry: { main: source('main.ts'), worker: source('worker.ts') },
    format: ['esm'],
    target: 'node20',
    outDir: folder,
    tsconfig: `${root}tsconfig.base.json`,
    // What has native parts is found where it is installed.
    noExternal: [/^(?!sharp$|onnxruntime-node$)/],
    external: ['sharp', 'onnxruntime-node'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
    },
    config: false,
    clean: true,
    silent: true,
    splitting: true,
    outExtension: () => ({ js: '.mjs' }),
  });
  return folder;
}
