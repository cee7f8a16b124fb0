import { Job } from 'kubernetes-models/batch/v1/Job';
import { expect, test } from 'vitest';
import { kubernetesJob } from './kubernetes-job.ts';

const job = {
  name: 'KCR_eta.2',
  tasks: 30,
  command: ['kcr', 'sweep', 's.mjs', '--out', 'runs/s'],
  image: 'example.org/kcr:1',
  claim: 'shared',
  mount: '/work',
};

/** Checks a manifest by the schema of Kubernetes' OpenAPI description. @throws Error */
const check = (manifest: object) => new Job(manifest as never).validate();

test('the manifest is one by the schema of Kubernetes', () => {
  const manifest = kubernetesJob({ ...job, concurrent: 4, cpus: '4', memory: '8Gi' });
  expect(() => check(manifest)).not.toThrow();
  const { spec } = manifest;
  expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 30, parallelism: 4 });
  // The check can fail.
  for (const change of [
    { completions: '30' },
    { template: { spec: { ...spec.template.spec, containers: [{}] } } },
    { backoffLimitPerIndex: true },
  ])
    expect(() => check({ ...manifest, spec: { ...spec, ...change } })).toThrow();
  expect(() => check({ ...manifest, apiVersion: 'batch/v2' })).toThrow();
});

test('names are those that Kubernetes takes, and no more tasks run at once than there are', () => {
  expect(kubernetesJob(job)).toMatchObject({
    metadata: { name: 'kcr-eta-2' },
    spec: { completions: 30, parallelism: 30 },
  });
  expect(kubernetesJob({ ...job, concurrent: 99 }).spec.parallelism).toBe(30);
  const { name } = kubernetesJob({ ...job, name: `-${'a'.repeat(47)}.b` }).metadata;
  expect(name).toBe('a'.repeat(47));
});

test('OPTION: a setting that would be more than one', () => {
  expect(() => kubernetesJob({ ...job, memory: '8 Gi' })).toThrow(
    expect.objectContaining({ code: 'OPTION' }),
  );
});
