/** Whether `version` satisfies the npm range. */
export function rangeAccepts(range: string, version: string): boolean;
