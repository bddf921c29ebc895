/** `1 enrollment`, `2 enrollments`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Upper-case hex in pairs, as other tools print fingerprints. */
export function formatFingerprint(hex: string): string {
  return hex.replaceAll(":", "").match(/../g)?.join(":") ?? hex;
}
