import { type Dataset, type ImageSet, noClasses, type Task } from '@kcr/core';

/** Whether images have a class each. */
export const isLabelled = (data: ImageSet): data is Dataset => 'labels' in data;

/** The images with a class each, which some tasks' data have not. @throws KcrError `TASK_CLASSES` */
export const labelled = (data: ImageSet, task: Task): Dataset =>
  isLabelled(data) ? data : noClasses('data', task);
