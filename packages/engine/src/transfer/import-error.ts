import { DpsError, type DpsErrorKind } from "@rollcall/protocol";

/** The error of an upload that is not imported: names the line, in the message and in `info`. */
export function importError(
  line: number,
  message: string,
  more: { readonly kind?: DpsErrorKind; readonly path?: string; readonly id?: string } = {},
): DpsError {
  const { kind = "badRequest", path, id } = more;
  const where = path === undefined || path === "" ? "" : `${path}: `;
  return new DpsError(kind, `Line ${line}: ${where}${message}. Nothing was imported.`, {
    info: { line: String(line), ...(path !== undefined && { path }), ...(id !== undefined && { id }) },
  });
}
