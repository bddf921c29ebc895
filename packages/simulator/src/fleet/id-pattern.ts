const place = /%(?:0(\d))?i/g;

/** The id of device `number` of a group: `%i` is the number, `%03i` the number with leading zeros. */
export function formatId(pattern: string, number: number): string {
  return pattern.replace(place, (_, width: string | undefined) => String(number).padStart(Number(width ?? 0), "0"));
}

/** True when every device of a group gets a different id. */
export function tellsApart(pattern: string): boolean {
  return formatId(pattern, 1) !== formatId(pattern, 2);
}
