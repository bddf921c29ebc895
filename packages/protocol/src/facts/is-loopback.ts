/** 127.0.0.0/8 in four numbers, also as IPv6 writes an IPv4 address. */
const LOOPBACK_V4 = /^(::ffff:)?127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

/** ::1 with all its zeros. */
const LONG_LOOPBACK_V6 = /^(0{1,4}:){7}0{0,3}1$/;

/** True for addresses and names that never leave this machine: 127.0.0.0/8, ::1, localhost and the names below it (RFC 6761). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return LOOPBACK_V4.test(name) || LONG_LOOPBACK_V6.test(name);
}
