/** Ports that device SDKs dial when they are told none (section 10.1 of the wire notes). */
export const defaultPorts = {
  mqtt: 8883,
  /** HTTPS, and MQTT over WebSocket. */
  https: 443,
} as const;
