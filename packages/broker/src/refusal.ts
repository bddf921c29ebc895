/** Makes Aedes close a connection for a reason that is already noted in the attempt. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}
