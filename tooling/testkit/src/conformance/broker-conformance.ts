import { acknowledgingCases } from './broker/acknowledging.ts';
import { alternateExchangeCases } from './broker/alternate-exchanges.ts';
import { bindingCases } from './broker/bindings.ts';
import { cancellingCases } from './broker/cancelling.ts';
import { channelCases } from './broker/channels.ts';
import { closingCases } from './broker/closing.ts';
import { confirmCases } from './broker/confirms.ts';
import { connectingCases } from './broker/connecting.ts';
import { consumerPriorityCases } from './broker/consumer-priorities.ts';
import { consumingCases } from './broker/consuming.ts';
import { deadLetterCases } from './broker/dead-letters.ts';
import { directReplyToCases } from './broker/direct-reply-to.ts';
import { exchangeBindingCases } from './broker/exchange-bindings.ts';
import { exchangeDeleteCases } from './broker/exchange-deletes.ts';
import { exchangeCases } from './broker/exchanges.ts';
import { exclusiveQueueCases } from './broker/exclusive-queues.ts';
import { frameCases } from './broker/frames.ts';
import { gettingCases } from './broker/getting.ts';
import { headersRoutingCases } from './broker/headers-routing.ts';
import { lengthLimitCases } from './broker/length-limits.ts';
import { prefetchCases } from './broker/prefetch.ts';
import { priorityCases } from './broker/priorities.ts';
import { publishingCases } from './broker/publishing.ts';
import { queueArgumentCases } from './broker/queue-arguments.ts';
import { queueDeleteCases } from './broker/queue-deletes.ts';
import { queueCases } from './broker/queues.ts';
import { quorumCases } from './broker/quorum.ts';
import { quorumArgumentCases } from './broker/quorum-arguments.ts';
import { refusedMessageCases } from './broker/refused-messages.ts';
import { requeueingCases } from './broker/requeueing.ts';
import { returnCases } from './broker/returns.ts';
import { routingCases } from './broker/routing.ts';
import { singleActiveConsumerCases } from './broker/single-active-consumer.ts';
import { type BrokerCase, type BrokerConformanceOptions, suiteOf } from './broker/suite.ts';
import { timeToLiveCases } from './broker/time-to-live.ts';
import { transactionCases } from './broker/transactions.ts';
import { tuningCases } from './broker/tuning.ts';
import { wireCases } from './broker/wire.ts';

/** The areas, in the order in which they build on each other. */
const areas = {
  connecting: connectingCases,
  tuning: tuningCases,
  closing: closingCases,
  frames: frameCases,
  channels: channelCases,
  wire: wireCases,
  exchanges: exchangeCases,
  'exchange deletes': exchangeDeleteCases,
  queues: queueCases,
  'exclusive queues': exclusiveQueueCases,
  'queue arguments': queueArgumentCases,
  'quorum arguments': quorumArgumentCases,
  'queue deletes': queueDeleteCases,
  bindings: bindingCases,
  'exchange bindings': exchangeBindingCases,
  'alternate exchanges': alternateExchangeCases,
  routing: routingCases,
  'headers routing': headersRoutingCases,
  publishing: publishingCases,
  'refused messages': refusedMessageCases,
  returns: returnCases,
  confirms: confirmCases,
  getting: gettingCases,
  consuming: consumingCases,
  cancelling: cancellingCases,
  acknowledging: acknowledgingCases,
  requeueing: requeueingCases,
  prefetch: prefetchCases,
  'consumer priorities': consumerPriorityCases,
  'single active consumer': singleActiveConsumerCases,
  'direct reply-to': directReplyToCases,
  'dead letters': deadLetterCases,
  'time to live': timeToLiveCases,
  'length limits': lengthLimitCases,
  priorities: priorityCases,
  quorum: quorumCases,
  transactions: transactionCases,
} as const;

/**
 * The cases that a broker must pass to be RabbitMQ of that profile to its clients: the one of `getUrl`, whose user may be
 * anybody that may do everything in one vhost. They use names of their own, so the broker may be shared.
 *
 * @example
 * for (const { title, run } of brokerConformance(getUrl, { profile: '3.10' })) test(title, run);
 */
export function brokerConformance(
  getUrl: () => string,
  options: BrokerConformanceOptions,
): BrokerCase[] {
  return Object.entries(areas).flatMap(([area, cases]) => cases(suiteOf(area, getUrl, options)));
}
