import { createHmac, timingSafeEqual } from "node:crypto";
import { decodeOnce, type Finding, finding, type SasToken } from "@rollcall/protocol";

/** A text that people sign instead of `sr`, a line feed and `se`; `words` describe it. */
interface OtherText {
  readonly words: string;
  readonly text: string;
}

function otherTexts({ resource, expiryText }: SasToken): readonly OtherText[] {
  const decoded = decodeOnce(resource) ?? resource;
  const encoded = encodeURIComponent(decoded);
  const lowerHex = encoded.replace(/%../g, (code) => code.toLowerCase());
  const spellings = [
    { words: "sr decoded", sr: decoded },
    { words: "sr encoded with %2F", sr: encoded },
    { words: "sr encoded with %2f", sr: lowerHex },
    { words: "sr in lower case", sr: resource.toLowerCase() },
  ].filter(({ sr }) => sr !== resource);
  return [
    ...spellings.map(({ words, sr }) => ({
      words: `${words}, unlike in the token`,
      text: `${sr}\n${expiryText}`,
    })),
    { words: "sr and se without a line feed between them", text: `${resource}${expiryText}` },
    { words: "sr and se with a carriage return and a line feed between them", text: `${resource}\r\n${expiryText}` },
    { words: "sr and se with a line feed at the end too", text: `${resource}\n${expiryText}\n` },
    { words: "sr and se with a backslash and an n between them", text: `${resource}\\n${expiryText}` },
  ];
}

/** Names the wrong text that was signed with one of these keys (which are correct); undefined when no text fits. */
export function signedOtherText(token: SasToken, keys: readonly Uint8Array[], id: string): Finding | undefined {
  const isSigned = (text: string) =>
    keys.some((key) => timingSafeEqual(createHmac("sha256", key).update(text).digest(), token.signature));
  const found = otherTexts(token).find(({ text }) => isSigned(text));
  if (!found) return undefined;
  return finding("token.signedOtherText", {
    values: { id, text: found.words },
    expected: "a signature over the text of sr as it stands in the token, one line feed, and the text of se",
    got: `a signature over ${found.words}`,
  });
}
