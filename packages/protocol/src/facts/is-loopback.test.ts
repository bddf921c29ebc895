import { expect, it } from "vitest";
import { isLoopback } from "./is-loopback.js";

it.each([
  "127.0.0.1",
  "127.255.255.255",
  "::1",
  "::ffff:127.0.0.1",
  "0:0:0:0:0:0:0:1",
  "localhost",
  "LOCALHOST.",
  "hub.localhost",
])("%s never leaves this machine", (host) => expect(isLoopback(host)).toBe(true));

it.each([
  "",
  "126.255.255.255",
  "128.0.0.1",
  "127.0.0.256",
  "127.0.0",
  "127.0.0.1.example.com",
  "localhost.example.com",
  "notlocalhost",
  "::2",
  "0:0:0:0:0:0:1:1",
  "0.0.0.0",
  "::",
])("%j may leave it", (host) => expect(isLoopback(host)).toBe(false));
