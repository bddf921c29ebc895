/** The device interface of `tss.Tpm`. */
export interface TssDevice {
  connect(done: () => void): Error | null;
  dispatchCommand(command: Buffer, done: (error: Error | null, response: Buffer | null) => void): void;
  close(): void;
}

export function exchange(path: string, command: Uint8Array): Promise<Buffer>;
export function socketDevice(path: string): TssDevice;
export function sendDevice(send: (command: Uint8Array) => Buffer): TssDevice;
