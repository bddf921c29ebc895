import { type DurableStore, openStore, type StoreOptions } from "../index.js";
import { assignmentOf, hub, individualOf } from "./crash-records.js";

type WithoutScope<T> = T extends unknown ? Omit<T, "idScope"> : never;
/** Where a crash test writes. */
export type Place = WithoutScope<StoreOptions>;

/** The argument of the writer process, as JSON. */
export interface CrashOrder {
  readonly place: Place;
  readonly round: number;
  readonly life: LifeName;
}

export const openPlace = (place: Place): Promise<DurableStore> => openStore({ ...place, idScope: "0ne00000000" });

/** The etags of a device's records. An identity has no etag: its creation time is given instead. */
export interface Stored {
  readonly enrollment?: string;
  readonly registration?: string;
  readonly identity?: number;
  readonly twin?: string;
}

export async function storedOf(store: DurableStore, device: string): Promise<Stored> {
  const enrollment = await store.individualEnrollment(device);
  const registration = await store.registration(device);
  const identity = await store.deviceIdentity(hub, device);
  const twin = await store.twin(hub, device);
  return {
    ...(enrollment && { enrollment: enrollment.etag }),
    ...(registration && { registration: registration.etag }),
    ...(identity && { identity: identity.createdAt }),
    ...(twin && { twin: twin.etag }),
  };
}

/** One write in a device's life, and the records that exist after it. */
interface Step {
  readonly write: (store: DurableStore, device: string) => Promise<boolean>;
  readonly leaves: Stored;
}

const enroll: Step = {
  write: (store, device) => store.putIndividual(individualOf(device), "absent"),
  leaves: { enrollment: "e0" },
};

const register = (version: number): Step => ({
  write: (store, device) => store.saveAssignment(assignmentOf(device, version)),
  leaves: { enrollment: "e0", registration: `r${version}`, identity: version, twin: `t${version}` },
});

/**
 * The series of writes that a device goes through. Every step but the first depends on the etag that the step before
 * left.
 */
export const lives = {
  registrations: [enroll, register(1), register(2), register(3)],
  writes: [
    enroll,
    register(1),
    {
      write: async (store, device) => {
        const twin = await store.twin(hub, device);
        return twin !== undefined && store.updateTwin({ ...twin, etag: "u1" }, "t1");
      },
      leaves: { enrollment: "e0", registration: "r1", identity: 1, twin: "u1" },
    },
    {
      write: (store, device) => store.putIndividual({ ...individualOf(device), etag: "e1" }, { etag: "e0" }),
      leaves: { enrollment: "e1", registration: "r1", identity: 1, twin: "u1" },
    },
    {
      write: (store, device) => store.removeDevice(hub, device),
      leaves: { enrollment: "e1", registration: "r1" },
    },
    {
      write: async (store, device) => (await store.removeRegistration(device, "r1")) === "removed",
      leaves: { enrollment: "e1" },
    },
    {
      write: (store, device) => store.saveAssignment(assignmentOf(device, 1)),
      leaves: { enrollment: "e1", registration: "r1", identity: 1, twin: "t1" },
    },
    {
      write: async (store, device) => (await store.removeIndividual(device, "e1")) === "removed",
      leaves: { identity: 1, twin: "t1" },
    },
    {
      write: async (store, device) => {
        const { registration, identity } = assignmentOf(device, 4);
        const records = { individuals: [{ ...individualOf(device), etag: "e4" }], registrations: [registration] };
        await store.restore({ ...records, ...(identity && { identities: [identity] }) });
        return true;
      },
      leaves: { enrollment: "e4", registration: "r4", identity: 4, twin: "t1" },
    },
  ],
} satisfies Record<string, readonly Step[]>;

export type LifeName = keyof typeof lives;
