/** The reason why a file is rejected before it is sent. */
export class FileFault extends Error {
  override readonly name = "FileFault";
}

/** A certificate has two or three thousand bytes; a much larger file is not a certificate. */
const MAX_BYTES = 64 * 1024;

/** The reason why a file of this size is not read; undefined for a size that a certificate may have. */
export function sizeFault(bytes: number): string | undefined {
  if (bytes === 0) return "The file is empty.";
  if (bytes <= MAX_BYTES) return undefined;
  return `The file has ${bytes.toLocaleString("en")} bytes, which is too many for a certificate. Choose a .pem or .cer file.`;
}

const privateKey = "The file contains a private key. It was not sent: choose a file with only the certificate.";
const request = "The file contains a certificate request. Choose the certificate that was issued for it.";
const bundle = (what: string) =>
  `The file is a ${what} bundle, not a certificate. Export only the certificate from it, as .pem or .cer.`;

/** The fault of a PEM block that is not a certificate, by its label. */
const labelFaults: readonly (readonly [label: RegExp, fault: string])[] = [
  [/PRIVATE KEY$/, privateKey],
  [/CERTIFICATE REQUEST$/, request],
  [/^(PKCS7|CMS)$/, bundle("PKCS#7")],
  [/PUBLIC KEY$/, "The file contains only a public key. Choose the certificate that contains it."],
];

/**
 * Other DER files, by the first tags inside their outer SEQUENCE (in hex). PKCS#8, PKCS#1 and SEC 1 keys begin with a
 * version, encrypted keys with an algorithm, PKCS#12 with the version 3, PKCS#7 with its object identifier, and a
 * request (RFC 2986) with the version 0 and a name. A certificate begins with its tag [0], or a serial number and an
 * algorithm.
 */
const derFaults: readonly (readonly [start: RegExp, fault: string])[] = [
  [/^02010[01](30|02|04)/, privateKey],
  [/^30[0-7].0609/, privateKey],
  [/^020103/, bundle("PKCS#12")],
  [/^0609/, bundle("PKCS#7")],
  [/^30(?:[0-7].|81..|82.{4})02010030(?:[0-7].|81..)31/, request],
];

/**
 * The text of a .pem or .cer file (PEM or DER). Throws FileFault for every other kind of file, above all private keys.
 */
export function certificateText(bytes: Uint8Array): string {
  const tooLarge = sizeFault(bytes.length);
  if (tooLarge !== undefined) throw new FileFault(tooLarge);
  const text = decodeText(bytes);
  const labels = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label = ""]) => label);
  const certificates = labels.filter((label) => label === "CERTIFICATE").length;
  for (const [label, fault] of labelFaults) {
    const isWanted = certificates === 0 || fault === privateKey;
    if (isWanted && labels.some((each) => label.test(each))) throw new FileFault(fault);
  }
  if (certificates > 1) {
    throw new FileFault(`The file contains ${certificates} certificates. Choose a file with only the one needed here.`);
  }
  if (labels.length > 0) return text;
  if (bytes[0] === 0x30) return toPem(bytes);
  // Base64 without the PEM lines: a SEQUENCE with a long length begins with MI.
  if (/^\s*MI[A-Za-z0-9+/=\s]+$/.test(text)) return toPem(fromBase64(text));
  throw new FileFault("The file is not a certificate: neither PEM (-----BEGIN CERTIFICATE-----) nor DER.");
}

/** Decodes text. PEM is ASCII, but Windows shells write it as UTF-16. */
function decodeText(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-16be";
  const isUtf16 = utf16 === "utf-16le" || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return new TextDecoder(isUtf16 ? utf16 : "latin1").decode(bytes);
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new FileFault(
      "The file looks like base64, but is cut off or changed. Choose the original file of the certificate.",
    );
  }
}

/** Wraps DER in PEM. Throws FileFault for DER that is not a certificate. */
function toPem(bytes: Uint8Array): string {
  // A length of 128 or more takes extra bytes.
  const header = (bytes[1] ?? 0) < 0x80 ? 2 : 2 + ((bytes[1] ?? 0) & 0x7f);
  const hex = Array.from(bytes.slice(header, header + 40), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fault = derFaults.find(([start]) => start.test(hex))?.[1];
  if (fault !== undefined) throw new FileFault(fault);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
