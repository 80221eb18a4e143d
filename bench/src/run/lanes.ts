/** Runs `operation` for each number below `count`, at most `width` at once. */
export async function inParallel(
  count: number,
  width: number,
  operation: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await operation(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
