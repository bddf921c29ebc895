/** What a file is rejected for before it is sent anywhere. */
export class FileFault extends Error {
  override readonly name = "FileFault";
}

/** A certificate has two or three thousand bytes; what is much larger is another file. */
const MAX_BYTES = 64 * 1024;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----/;

/** The text of a .pem or .cer file (PEM or DER). Throws FileFault for what can be no certificate, above all private keys. */
export function certificateText(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new FileFault("The file is empty.");
  if (bytes.length > MAX_BYTES) throw new FileFault(`The file has ${bytes.length} bytes: that is no certificate.`);
  const text = new TextDecoder("latin1").decode(bytes);
  const label = PEM.exec(text)?.[1];
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    throw new FileFault("The file holds a private key. It was not sent: choose the certificate alone.");
  if (label === "CERTIFICATE REQUEST")
    throw new FileFault("The file holds a certificate request. Choose the certificate that was issued for it.");
  if (label !== undefined) return text;
  // DER begins with a SEQUENCE; base64 of it, without the lines of PEM, with MII.
  if (bytes[0] === 0x30) return toPem(bytes);
  if (/^MI[A-Za-z0-9+/=\s]+$/.test(text)) return text.trim();
  throw new FileFault("The file is no certificate: neither PEM (-----BEGIN CERTIFICATE-----) nor DER.");
}

function toPem(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const lines = btoa(binary).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
