/**
 * One `ack multiple` a turn instead of an ack for each message. It goes up to the last message before which all are done,
 * since handlers may finish in any order. Delivery tags are those of one channel, from 1.
 *
 * @param ack Acknowledges all up to a tag; it is given the latest message, too.
 */
export function mergedAcks<M>(
  ack: (upTo: number, latest: M) => void,
): (tag: number, message: M) => void {
  const early = new Set<number>();
  let next = 1;
  let acked = 0;
  let scheduled = false;
  return (tag, message) => {
    if (tag !== next) early.add(tag);
    else next++;
    while (early.size > 0 && early.delete(next)) next++;
    if (scheduled || next - 1 === acked) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      acked = next - 1;
      ack(acked, message);
    });
  };
}
