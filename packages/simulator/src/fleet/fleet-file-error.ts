/** A fleet file that cannot be used; the message has a line `file:line:column: reason` for each problem. */
export class FleetFileError extends Error {
  override readonly name = "FleetFileError";
}
