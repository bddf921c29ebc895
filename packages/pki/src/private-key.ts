import { createPrivateKey, type KeyObject } from "node:crypto";
import { CertificateError } from "./encoding/certificate-error.js";
import { OtherMaterialError } from "./encoding/other-material-error.js";
import { type Material, recognise } from "./encoding/recognise.js";
import { otherMaterial } from "./pem.js";

/** Thrown for an encrypted key when no passphrase was given, or another one. */
export class PassphraseError extends CertificateError {
  readonly given: boolean;

  constructor(given: boolean, options?: ErrorOptions) {
    super(
      given
        ? "the passphrase does not open the private key"
        : "the private key is encrypted, and no passphrase was given",
      options,
    );
    this.given = given;
  }
}

/**
 * The private key in a text or in the bytes of a file: PEM (PKCS#8, PKCS#1, SEC 1) or DER, plain or encrypted (PKCS#8 and
 * OpenSSL's old `Proc-Type`), also in UTF-16 or base64. With other things beside it in PEM, the first key is meant.
 * Throws PassphraseError for an encrypted key that is not opened, OtherMaterialError for what is another thing, and
 * CertificateError for a damaged key. It quotes nothing.
 */
export function readPrivateKey(input: string | Uint8Array, passphrase?: string): KeyObject {
  const found = recogniseKey(input);
  const key = found.find(({ kind }) => kind === "privateKey" || kind === "encryptedKey");
  if (!key) {
    const [first = { kind: undefined, form: "text" } as const] = found.filter(({ kind }) => kind !== "parameters");
    throw otherMaterial(first, "key");
  }
  if (key.kind === "privateKey") return load(key);
  if (passphrase === undefined || passphrase === "") throw new PassphraseError(false);
  return load(key, passphrase);
}

function recogniseKey(input: string | Uint8Array): readonly Material[] {
  try {
    return recognise(input);
  } catch (error) {
    if (!(error instanceof CertificateError) || error instanceof OtherMaterialError) throw error;
    throw new CertificateError(
      `${error.message.replace(/ where a certificate belongs$/, "")}, and a private key belongs here`,
      { cause: error },
    );
  }
}

function load({ block, der, kind }: Material, passphrase?: string): KeyObject {
  const secret = passphrase === undefined ? {} : { passphrase };
  const sources: readonly (() => KeyObject)[] =
    block === undefined
      ? (["pkcs8", "pkcs1", "sec1"] as const).map(
          (type) => () => createPrivateKey({ key: der ?? Buffer.alloc(0), format: "der", type, ...secret }),
        )
      : [() => createPrivateKey({ key: block, ...secret })];
  let cause: unknown;
  for (const source of sources) {
    try {
      return source();
    } catch (error) {
      cause ??= error;
    }
  }
  if (kind === "encryptedKey") throw new PassphraseError(true, { cause });
  throw new CertificateError("the private key is damaged, or of a kind that OpenSSL does not know", { cause });
}
