// Both sides in one run: what disturbs the machine for a while disturbs all of them.
import { medianOfEach } from './median.js'

/**
 * Measures each of the contestants once in every round, every second round in the opposite order.
 * @returns The medians, by contestant; of who was never measured there is nothing.
 */
export async function inTurn(contestants, rounds, measureOne) {
  const results = Object.fromEntries(contestants.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contestants : contestants.toReversed()
    for (const name of order) {
      const result = await measureOne(name)
      if (result !== undefined) results[name].push(result)
    }
  }
  const measured = contestants.filter((name) => results[name].length > 0)
  return Object.fromEntries(measured.map((name) => [name, medianOfEach(results[name])]))
}
