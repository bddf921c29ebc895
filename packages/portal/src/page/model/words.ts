/** `1 enrollment`, `2 enrollments`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Upper-case hex in pairs, as other tools print fingerprints. */
export function formatFingerprint(hex: string): string {
  return hex.replaceAll(":", "").match(/../g)?.join(":") ?? hex;
}

/** `deviceId: is not a device id` as a sentence of its own, under the label of that field. */
export function sentenceOf(message: string, path: string | undefined): string {
  const rest = path !== undefined && message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  const ended = rest.replace(/[^.!?]$/, "$&.");
  if (rest !== message && /^(is|has|must|needs|names|takes|lacks|proves)\b/.test(rest)) return `It ${ended}`;
  return ended.slice(0, 1).toUpperCase() + ended.slice(1);
}

/** Removes line ends and blanks from pasted base64. */
export function compact(text: string): string {
  return text.replace(/\s+/g, "");
}
