// The message that is echoed: JSON as applications have it, records with the same names and different values.

/** JSON text of exactly `bytes` bytes. */
export function json(bytes) {
  const records = []
  let seed = 1
  for (let i = 0; JSON.stringify(records).length < bytes; i++) {
    seed = (seed * 48_271) % 2_147_483_647
    records.push({
      id: i,
      user: `user-${seed % 1_000}`,
      price: (seed % 100_000) / 100,
      active: seed % 2 === 0,
      at: 1_700_000_000 + (seed % 86_400),
    })
  }
  const text = JSON.stringify(records).slice(0, bytes - 2)
  return JSON.stringify(text).length === bytes ? JSON.stringify(text) : text.padEnd(bytes)
}
