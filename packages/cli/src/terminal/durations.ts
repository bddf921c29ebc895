import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `500ms`, `30s`, `2m`; a bare number is seconds. Returns milliseconds. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : UNITS[unit];
  if (amount === undefined || factor === undefined) throw new InvalidArgumentError("Write it like 500ms, 30s or 2m.");
  return Number(amount) * factor;
}

/** `100/s`, `20/m`, `100`: devices a second. */
export function parseRate(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(?:\/(s|m|h))?$/.exec(text.trim()) ?? [];
  const rate = (Number(amount) * 1000) / (UNITS[unit ?? "s"] ?? Number.NaN);
  if (!(rate > 0)) throw new InvalidArgumentError("Write it like 50/s or 200/m, above 0.");
  return rate;
}

/** A whole number of at least 1. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return count;
}

/** A port; 0 means any free port. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError("A port is 0 to 65535; 0 picks any free port.");
  return port;
}

/** Milliseconds in a readable unit. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
