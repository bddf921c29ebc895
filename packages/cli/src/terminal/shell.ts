/** Syntaxes in which variables can be printed. */
export const shells = ["sh", "pwsh", "dotenv"] as const;
export type Shell = (typeof shells)[number];

/** A word as a POSIX shell takes it: bare where that is safe, else in single quotes. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** One variable in the syntax of a shell. The shell expands nothing in the value. */
export function setVariable(shell: Shell, name: string, value: string): string {
  if (shell === "pwsh") return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  if (shell === "dotenv") return `${name}=${dotenvValue(value)}`;
  return `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}

/** dotenv readers do not unescape single-quoted text; a value that contains a single quote gets double quotes. */
function dotenvValue(value: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]*$/.test(value)) return value;
  return value.includes("'") ? JSON.stringify(value) : `'${value}'`;
}
