import { setTimeout as delay } from "node:timers/promises";

/** Polls until a state is reached. @throws Error with the last value after 20 s */
export async function until<T>(read: () => T | Promise<T>, isReached: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 20_000;
  for (;;) {
    const value = await read();
    if (isReached(value)) return value;
    if (Date.now() > end) throw new Error(`never reached; last: ${JSON.stringify(value, null, 1)}`);
    await delay(10);
  }
}
