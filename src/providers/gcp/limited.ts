/** Calls to one API at a time: enough to be quick, too few to use up a project's quota. */
const AT_ONCE = 8;

/** Like `Promise.all` over `items`, with a bound on how many run at once; the first failure ends it. */
export async function mapLimited<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await map(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}
