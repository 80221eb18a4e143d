import { startBroker } from '@leveret/broker';

/** A broker to run on. */
export interface Broker extends AsyncDisposable {
  readonly url: string;
}

/** A broker that is still to be opened. */
export interface BrokerChoice {
  readonly title: string;
  open(): Promise<Broker>;
}

/** The broker of AMQP_URL, else the embedded one, which ends with the demo. */
export function chooseBroker(): BrokerChoice {
  const { AMQP_URL: url } = process.env;
  if (url) return { title: 'Using the broker of AMQP_URL', open: async () => given(url) };
  return { title: 'Using the embedded broker', open: () => startBroker() };
}

function given(url: string): Broker {
  return { url, [Symbol.asyncDispose]: async () => {} };
}
