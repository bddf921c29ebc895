/** Makes Aedes close a connection for a reason that the attempt already has. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
