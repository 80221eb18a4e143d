// Erlang that counts the messages of a queue, ready and unacked: AMQP tells only of those that are ready.

/** Asks the process of a classic queue. */
export function countInClassic(queue: string): string {
  return `
    {ok, Queue} = ${lookup(queue)},
    [{messages, Count}] = rabbit_amqqueue:info(Queue, [messages]),
    Count.`;
}

/** Asks the machine of a quorum queue, on the node that leads it: what is listed of it is up to 5 s old. */
export function countInQuorum(queue: string): string {
  return `
    {ok, Queue} = ${lookup(queue)},
    {ok, {_, Count}, _} = ra:local_query(amqqueue:get_pid(Queue), fun rabbit_fifo:query_messages_total/1),
    Count.`;
}

function lookup(queue: string): string {
  return `rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queue}">>))`;
}
