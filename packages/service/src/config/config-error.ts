/** The place of a setting in a file. Lines and columns count from 1. */
export interface ConfigPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** An invalid setting. The message names where the setting was made. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly place: ConfigPlace;
  constructor(message: string, place: ConfigPlace = {}, options?: ErrorOptions) {
    super(message, options);
    this.place = place;
  }
}
