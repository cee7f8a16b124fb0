import { type ArrayJob, plainSetting } from './array-job.ts';

/** An Indexed Job of Kubernetes. */
export interface KubernetesJob extends ArrayJob {
  /** The container's image. */
  readonly image: string;
  /** The PersistentVolumeClaim that all tasks share, and where it is mounted. */
  readonly claim: string;
  readonly mount: string;
  readonly namespace?: string;
}

/** Letters of a job's name: pods have its name, an index and five letters more, in 63. */
const NAME_LENGTH = 48;

/** Times that a task is tried again where its pod was lost or failed. */
const RETRIES = 3;

/** A name as Kubernetes takes it: small letters, digits and dashes, a letter or digit at both ends. */
const dnsName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_LENGTH)
    .replaceAll(/^-+|-+$/g, '') || 'kcr';

/**
 * The manifest of an Indexed Job (`batch/v1`), for `kubectl apply`. A task's index is in `JOB_COMPLETION_INDEX`; a task that fails does
 * not end the others (`backoffLimitPerIndex`, Kubernetes 1.29 and later).
 *
 * @throws KcrError `OPTION` for a setting that Kubernetes could not have
 */
export function kubernetesJob({
  name,
  tasks,
  concurrent = tasks,
  command,
  cpus,
  memory,
  image,
  claim,
  mount,
  namespace,
}: KubernetesJob) {
  const resources = {
    ...(cpus === undefined ? {} : { cpu: plainSetting('cpus', cpus) }),
    ...(memory === undefined ? {} : { memory: plainSetting('memory', memory) }),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: dnsName(name), ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      completionMode: 'Indexed',
      completions: tasks,
      parallelism: Math.min(concurrent, tasks),
      backoffLimitPerIndex: RETRIES,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'kcr',
              image,
              command: [...command],
              workingDir: mount,
              ...(Object.keys(resources).length > 0
                ? { resources: { requests: resources, limits: resources } }
                : {}),
              volumeMounts: [{ name: 'shared', mountPath: mount }],
            },
          ],
          volumes: [{ name: 'shared', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  };
}
