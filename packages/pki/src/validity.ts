import { type DerReader, tags } from "./encoding/der.js";

/** Reads Validity (RFC 5280 section 4.1.2.5): times in UTC, to the second. Throws CertificateError. */
export function readValidity(sequence: DerReader): { notBefore: Date; notAfter: Date } {
  const notBefore = readTime(sequence);
  const notAfter = readTime(sequence);
  sequence.finish();
  return { notBefore, notAfter };
}

function readTime(reader: DerReader): Date {
  const element = reader.next();
  const text = reader.content(element).toString("latin1");
  const fields = timeFields(element.tag, text);
  if (!fields) throw reader.error("has a time that is neither YYMMDDHHMMSSZ nor YYYYMMDDHHMMSSZ");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  // Date rolls 31 February over into March: the fields come back changed.
  const valid =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!valid) throw reader.error(`has the impossible time ${text}`);
  return date;
}

function timeFields(tag: number, text: string): number[] | undefined {
  if (tag === tags.utcTime && /^\d{12}Z$/.test(text)) {
    const [year = 0, ...rest] = pairs(text.slice(0, 12));
    return [year < 50 ? 2000 + year : 1900 + year, ...rest];
  }
  if (tag === tags.generalizedTime && /^\d{14}Z$/.test(text)) {
    return [Number(text.slice(0, 4)), ...pairs(text.slice(4, 14))];
  }
  return undefined;
}

function pairs(digits: string): number[] {
  return (digits.match(/../g) ?? []).map(Number);
}
