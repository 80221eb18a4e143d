import type { DriverChannelEvents } from '../driver/driver.ts';
import { ignore } from '../internal/deferred.ts';

/** For a channel of which only the answers to requests matter. */
export const UNHEARD: DriverChannelEvents = {
  ended: ignore,
  confirmed: ignore,
  returned: ignore,
  cancelled: ignore,
  writable: ignore,
};
