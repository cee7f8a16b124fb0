import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KcrError, type StateDict } from '@kcr/core';
import { pickleConversion } from '@kcr/core/internal';
import { folderWeights, toolkitFolder } from '../kinds.ts';
import { missingShards, shardNames } from '../shards.ts';
import type { SourceKind } from '../source.ts';
import { readTimmConfig } from '../timm-config.ts';
import { isHubName } from './hub-name.ts';
import { HubSnapshot } from './hub-snapshot.ts';

const [WEIGHTS, INDEX] = ['model.safetensors', 'model.safetensors.index.json'];
const PICKLES = ['pytorch_model.bin', 'model.pth'];

/** A repository on the hub, as timm's are, or with a checkpoint folder of the toolkit. Only what is needed of it is downloaded. */
export const hubRepository: SourceKind = {
  name: 'hf://OWNER/NAME[@REVISION]',
  fits: isHubName,
  async read(source, options) {
    const snapshot = await HubSnapshot.open(source, isWhole, options);
    const at = (file: string) => join(snapshot.folder, file);
    if (await snapshot.has('model.json')) {
      for (const file of ['model.json', WEIGHTS]) await snapshot.fetch(file);
      await snapshot.done();
      return { ...(await toolkitFolder.read(snapshot.folder, options)), where: source };
    }
    const tensors = () => downloadedWeights(source, snapshot);
    if (!(await snapshot.has('config.json'))) {
      if (!(await hasWeights(snapshot))) throw noWeights(source, await snapshot.files());
      return { where: source, tensors };
    }
    await snapshot.fetch('config.json');
    const { model, classes, input } = await readTimmConfig(at('config.json'));
    return { where: source, model, classes, input, tensors };
  },
};

/** Whether a folder has all that is read of a repository. */
async function isWhole(folder: string): Promise<boolean> {
  const has = (file: string) => existsSync(join(folder, file));
  if (!['model.json', 'config.json'].some(has)) return false;
  if (has(WEIGHTS)) return true;
  if (!has(INDEX)) return false;
  return missingShards(join(folder, INDEX)).then(
    (missing) => missing.length === 0,
    () => false,
  );
}

const hasWeights = async (snapshot: HubSnapshot): Promise<boolean> =>
  (await snapshot.has(WEIGHTS)) || snapshot.has(INDEX);

/** @throws KcrError `CHECKPOINT_READ`, `WEIGHTS_PICKLE`, `WEIGHTS_INDEX`, and those of downloading and of safetensors */
async function downloadedWeights(where: string, snapshot: HubSnapshot): Promise<StateDict> {
  if (await snapshot.has(WEIGHTS)) await snapshot.fetch(WEIGHTS);
  else if (await snapshot.has(INDEX)) await fetchShards(where, snapshot);
  else throw noWeights(where, await snapshot.files());
  await snapshot.done();
  return folderWeights(snapshot.folder);
}

/** @throws KcrError `WEIGHTS_INDEX` for files that the repository has not, before any is downloaded */
async function fetchShards(where: string, snapshot: HubSnapshot): Promise<void> {
  await snapshot.fetch(INDEX);
  const names = await shardNames(join(snapshot.folder, INDEX));
  for (const name of names)
    if (!(await snapshot.has(name)))
      throw new KcrError('WEIGHTS_INDEX', {
        where: `${where}, ${INDEX}`,
        found: `the file ${name}, which the repository has not`,
        fix: 'Ask the owner of the repository for the file, or take another revision',
      });
  for (const name of names) await snapshot.fetch(name);
}

/** The error of a repository without weights that are read. */
function noWeights(where: string, files: readonly string[]): KcrError {
  const pickle = files.find((file) => PICKLES.includes(file));
  if (pickle)
    return new KcrError('WEIGHTS_PICKLE', {
      where,
      found: `${pickle}, a pickle of torch.save, and no ${WEIGHTS}`,
      fix: `Fetch it (hf download ${where.slice('hf://'.length).replace('@', ' --revision ')} ${pickle} --local-dir .). ${pickleConversion(pickle)}`,
    });
  return new KcrError('CHECKPOINT_READ', {
    where,
    found: files.length > 0 ? `no ${WEIGHTS} among ${files.slice(0, 5).join(', ')}` : 'no files',
    fix: 'Choose a repository with safetensors at its top, such as those of timm',
  });
}
