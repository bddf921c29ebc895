/** Ports that device SDKs dial when they are told none (wire.md#ports). */
export const defaultPorts = {
  mqtt: 8883,
  /** HTTPS, and MQTT over WebSocket. */
  https: 443,
} as const;
