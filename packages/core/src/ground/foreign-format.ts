import { KcrError } from './error.ts';

/** How files of other formats begin. */
const FORMATS: readonly { begins: readonly string[]; found: string; pickle?: boolean }[] = [
  { begins: ['PK\u0003\u0004'], found: 'a zip with a pickle, as torch.save writes', pickle: true },
  {
    begins: ['\u0080\u0002', '\u0080\u0003', '\u0080\u0004', '\u0080\u0005'],
    found: 'a pickle, as torch.save once wrote',
    pickle: true,
  },
  { begins: ['version https://git-lfs'], found: 'a pointer of Git LFS, not the file itself' },
  { begins: ['<!doctype', '<html'], found: 'a page of HTML' },
];

/**
 * The error of a file that was taken for safetensors, is none, and is known by its first bytes: a pickle with how to convert
 * it, a pointer of Git LFS or a page of HTML. Nothing where it is not known.
 */
export function foreignFormat(bytes: Uint8Array, where: string): KcrError | undefined {
  const begin = String.fromCharCode(...bytes.subarray(0, 64)).toLowerCase();
  const format = FORMATS.find(({ begins }) =>
    begins.some((b) => begin.startsWith(b.toLowerCase())),
  );
  if (!format) return undefined;
  const { found, pickle } = format;
  return pickle
    ? new KcrError('WEIGHTS_PICKLE', { where, found, fix: pickleConversion(where) })
    : new KcrError('SAFETENSORS_HEADER', {
        where,
        found,
        fix: 'Fetch the file itself, e.g. with `git lfs pull`',
      });
}

/** How a pickle becomes a safetensors file. The averages of a checkpoint are taken before its weights, as by timm. */
export function pickleConversion(path: string): string {
  const end = path.endsWith('.safetensors') ? '.converted.safetensors' : '.safetensors';
  const [from, to] = [path, path.replace(/\.[a-z]+$/i, '') + end].map((s) => JSON.stringify(s));
  const keys = ['state_dict_ema', 'model_ema', 'state_dict', 'model'];
  return `Reading it could run code. Convert it in Python and pass the new file:
import torch; from safetensors.torch import save_file; state = torch.load(${from}, map_location="cpu", weights_only=True)
state = next((state[k] for k in ${JSON.stringify(keys)} if k in state), state)
save_file({k: v.clone().contiguous() for k, v in state.items()}, ${to}) # the new file`;
}
