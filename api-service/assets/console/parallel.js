// Asks for many things, a few at a time: each token has a number of requests a minute.

/** Most requests at once; browsers open about as many connections to one address. */
const AT_ONCE = 6;

/** What `act` gives for each of the items, in their order; the first error ends it, as with `Promise.all`. */
export async function forEachOf(items, act) {
  const given = new Array(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      const index = next++;
      given[index] = await act(items[index]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return given;
}
