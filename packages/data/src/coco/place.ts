/** Where an entry of a COCO file is, or one of its fields. */
export type Place = (field?: string) => string;

/**
 * The place of an entry, by its list, its index and its id: `annotations[6].bbox (id 7)`.
 *
 * @param id of the entry; undefined for detections, which have none
 * @param file its file, where it is known
 */
export const placeOf =
  (list: string, index: number, id?: unknown, file?: string): Place =>
  (field) => {
    const path = `${list}[${index}]${field === undefined ? '' : `.${field}`}`;
    const named = id === undefined ? path : `${path} (id ${JSON.stringify(id)})`;
    return file === undefined ? named : `${file}: ${named}`;
  };
