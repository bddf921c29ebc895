/** A host without its port, in lower case: `Hub.Example:8883` becomes `hub.example`, and `[::1]:8883` becomes `::1`. */
export function bareHost(text: string): string {
  const lower = text.toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(lower);
  if (bracketed) return bracketed[1] ?? "";
  // Text with more than one colon and without brackets is an IPv6 address, so it has no port.
  return /^[^:]*:\d{1,5}$/.test(lower) ? lower.slice(0, lower.indexOf(":")) : lower;
}
