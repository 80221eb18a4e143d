/** What passed through a broker since it started. */
export interface Traffic {
  /** Connections that were opened. */
  connections: number;
  /** Channels that were opened. */
  channels: number;
  /** Messages that clients published. */
  published: number;
  /** Messages handed to consumers or fetched with `basic.get`. */
  delivered: number;
  /** Deliveries that were acknowledged by the client; those to `no_ack` consumers are not counted. */
  acknowledged: number;
  /** Deliveries that came back to their queue: `basic.nack`, `basic.reject`, `basic.recover` and lost channels. */
  requeued: number;
  /** Mandatory messages that reached no queue. */
  returned: number;
}

/** Counters at nought. */
export function noTraffic(): Traffic {
  return {
    connections: 0,
    channels: 0,
    published: 0,
    delivered: 0,
    acknowledged: 0,
    requeued: 0,
    returned: 0,
  };
}
