import { DerReader, tags } from "./der.js";

const SIGNED_DATA = "1.2.840.113549.1.7.2";

/**
 * The certificates of a PKCS#7 or CMS SignedData (RFC 5652 section 5.1), as DER, in the order of its set, which says
 * nothing. Throws CertificateError for other content and for bytes that are not DER.
 */
export function pkcs7Certificates(der: Buffer): Buffer[] {
  const outer = new DerReader(der, "the PKCS#7 bundle").enter(tags.sequence);
  const type = outer.oid();
  if (type !== SIGNED_DATA) throw outer.error("holds no certificates: it is encrypted or plain data");
  const signed = outer.enter(0xa0).enter(tags.sequence);
  signed.read(tags.integer);
  signed.read(tags.set);
  signed.read(tags.sequence);
  const set = signed.optional(0xa0);
  if (!set) throw signed.error("holds no certificates");
  const inside = signed.inside(set);
  const found: Buffer[] = [];
  while (!inside.done) {
    const element = inside.next();
    if (element.tag === tags.sequence) found.push(Buffer.from(inside.whole(element)));
  }
  return found;
}
