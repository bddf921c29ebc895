/** The device API over HTTPS (wire.md#https-routes) and the management API of the dashboard listener. */
export const routes = {
  register: { method: "PUT", path: "/:idScope/registrations/:registrationId/register" },
  operationStatus: { method: "GET", path: "/:idScope/registrations/:registrationId/operations/:operationId" },
  lookUp: { method: "POST", path: "/:idScope/registrations/:registrationId" },
} as const;
export type DeviceRoute = keyof typeof routes;

export const managementRoutes = {
  health: { method: "GET", path: "/healthz" },
  ready: { method: "GET", path: "/readyz" },
  attempt: { method: "GET", path: "/attempts/:id" },
  /** `?limit=&outcome=&after=` → `{items, next?}` of AttemptSummary, newest first; needs the token. */
  attempts: { method: "GET", path: "/attempts" },
  /**
   * Server-sent events: an `attempt` event (AttemptSummary) for each attempt that began, changed or ended, and a `missed` event
   * (`{count}`) when there were too many at a time; needs the token.
   */
  attemptEvents: { method: "GET", path: "/events/attempts" },
  info: { method: "GET", path: "/info" },
  /** The CA certificate that devices must trust, PEM. It is not secret. */
  ca: { method: "GET", path: "/ca.pem" },
  credentials: { method: "GET", path: "/enrollments/:registrationId/credentials" },
  stop: { method: "POST", path: "/stop" },
} as const;

/** Paths that accept a WebSocket, and its sub-protocol, compared without case (wire.md#websocket). */
export const webSocket = {
  paths: ["/", "/mqtt", "/$iothub/websocket"],
  protocol: "mqtt",
} as const;

/** Fills the `:name`s of a path, encoding each. Throws when one is missing. */
export function formatPath(path: string, values: Readonly<Record<string, string>>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`path ${path} needs ${name}`);
    return encodeURIComponent(value);
  });
}
