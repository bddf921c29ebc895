const loopbackNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * True when a `Host` header names this listener by a loopback name or address. Any other name may be that of a foreign
 * page whose DNS name was pointed at loopback after it was loaded (DNS rebinding).
 */
export function isLocalHost(header: string | undefined, port: number): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d+))?$/i.exec(header ?? "");
  const name = match?.[1]?.toLowerCase();
  return name !== undefined && Number(match?.[2] ?? 80) === port && loopbackNames.has(name);
}
