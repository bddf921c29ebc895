/** A fresh symmetric key: base64 of 64 random bytes, as the service generates them. */
export function generateKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(64));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
