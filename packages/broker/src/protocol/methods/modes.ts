import { AmqpError } from '../../base/amqp-error.ts';
import { type Handlers, reply } from './handler.ts';

type ModeMethods =
  | 'access.request'
  | 'channel.flow'
  | 'confirm.select'
  | 'tx.select'
  | 'tx.commit'
  | 'tx.rollback';

/** The methods that set how a channel works. */
export const modeHandlers: Handlers<ModeMethods> = {
  // Realms are of AMQP 0-8; RabbitMQ gives everybody the same ticket.
  'access.request': (channel) => channel.link.send('access.request-ok', { ticket: 1 }),

  'channel.flow': (channel, { active }) => {
    if (!active) throw new AmqpError(540, 'active=false');
    channel.link.send('channel.flow-ok', { active });
  },

  'confirm.select': (channel, fields) => {
    channel.selectConfirms();
    reply(channel, fields, 'confirm.select-ok', {});
  },

  'tx.select': (channel) => {
    channel.selectTransactions();
    channel.link.send('tx.select-ok', {});
  },

  'tx.commit': (channel) => {
    channel.commit();
    channel.link.send('tx.commit-ok', {});
  },

  'tx.rollback': (channel) => {
    channel.rollback();
    channel.link.send('tx.rollback-ok', {});
  },
};
