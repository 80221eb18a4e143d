import type { PythonPeer } from './peer.ts';

/** The Python library whose wire format Leveret shares. */
export const aioPika: PythonPeer = {
  runs: 'python',
  name: 'aio-pika',
  title: 'aio-pika (Python)',
  packages: ['aio-pika'],
  guarantee: {
    confirms: true,
    acks: 'one by one, after the handler; of a call after its reply was sent',
    recovers: true,
    remark:
      '`connect_robust`, `JsonMaster` and `JsonRPC` of aio_pika.patterns; a fifth of the operations',
  },
  cannot: {},
  program: 'aio_pika_peer.py',
  share: 0.2,
  kinds: ['call', 'publish', 'consume'],
};
