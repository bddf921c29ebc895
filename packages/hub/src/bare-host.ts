/** A host without its port, in lower case: `Hub.Example:8883` and `hub.example` are one, and so are `[::1]:8883` and `::1`. */
export function bareHost(text: string): string {
  const lower = text.toLowerCase();
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(lower);
  if (bracketed) return bracketed[1] ?? "";
  // More than one colon without brackets is an address, not a port.
  return /^[^:]*:\d{1,5}$/.test(lower) ? lower.slice(0, lower.indexOf(":")) : lower;
}
