import { readFileSync } from "node:fs";

/** A process, told apart from a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Boot and start time; empty where the platform does not tell. */
  readonly birth: string;
}

/** The mark of this process, to be written where others look for it. */
export function ownMark(): ProcessMark {
  return { pid: process.pid, birth: birthOf(process.pid) };
}

/**
 * True while the process runs. False for a zombie, which has ended and waits for its parent to notice, and for a later process with the
 * same number (both on Linux only). Without `birth` any process with the number counts.
 */
export function isAlive({ pid, birth = "" }: Partial<ProcessMark> & Pick<ProcessMark, "pid">): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user: it runs, but may not be signalled.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const now = birthOf(pid);
  return now !== "gone" && (birth === "" || now === "" || sameBirth(birth, now));
}

/** Earlier versions of the store wrote a space between boot and start time; a process of such a version may still run. */
const sameBirth = (a: string, b: string): boolean => a.replace(" ", "/") === b.replace(" ", "/");

/**
 * Linux: boot id and start time in ticks; a container whose service is always process 1 needs them. "gone" for a zombie. Empty
 * where the system does not tell.
 */
function birthOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  const boot = readText("/proc/sys/kernel/random/boot_id");
  if (stat === undefined || boot === undefined) return "";
  // The name of the program, in brackets, may hold spaces: fields are counted behind it. State is the 3rd, start time the 22nd.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "gone" : `${boot.trim()}/${fields[19] ?? ""}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
