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
const bundle =
  "The file is a PKCS#12 bundle, which may hold a private key. It was not sent. This command gives the certificate: openssl pkcs12 -in file.p12 -nokeys -out certificate.pem";

/**
 * Content that must not leave the browser, recognised by the start of its DER: the first bytes inside the outer
 * SEQUENCE, in hex. PKCS#8, PKCS#1 and SEC 1 keys begin with a version, encrypted keys with an algorithm, PKCS#12 with
 * version 3. The service reads all other content, and names it.
 */
const secrets: readonly (readonly [start: RegExp, fault: string])[] = [
  [/^02010[01](30|02|04)/, privateKey],
  [/^30[0-7].0609/, privateKey],
  [/^020103/, bundle],
];

/**
 * A file in the form that is sent to the service: its text, or base64 of its bytes when they are not ASCII text. The
 * service reads DER, UTF-16 and PKCS#7, and names content that is not a certificate. Throws FileFault for a file that
 * is empty, too large or damaged, or may hold a private key.
 */
export function certificateText(bytes: Uint8Array): string {
  const tooLarge = sizeFault(bytes.length);
  if (tooLarge !== undefined) throw new FileFault(tooLarge);
  // Without the zeros of UTF-16, whose marks it may lack, the labels can be read.
  const text = new TextDecoder("latin1").decode(bytes.filter((byte) => byte !== 0));
  if (/PRIVATE KEY-----|^PuTTY-User-Key-File/.test(text)) throw new FileFault(privateKey);
  refuseSecret(bytes);
  if (/^\s*MI[A-Za-z0-9+/=\s]+$/.test(text)) refuseSecret(fromBase64(text));
  const isText = bytes.every(
    (byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d,
  );
  return isText ? text : btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
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

/** Throws FileFault for DER that is plainly a key or a bundle. */
function refuseSecret(bytes: Uint8Array): void {
  if (bytes[0] !== 0x30) return;
  // Lengths of 128 and more have bytes of their own.
  const header = (bytes[1] ?? 0) < 0x80 ? 2 : 2 + ((bytes[1] ?? 0) & 0x7f);
  const hex = Array.from(bytes.slice(header, header + 40), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const fault = secrets.find(([start]) => start.test(hex))?.[1];
  if (fault !== undefined) throw new FileFault(fault);
}
