// A queue that puts back what it takes, and something more.

export function fuzz(data: Uint8Array): void {
  if (data[0] !== 0x21) return
  const queue: object[] = [{}]
  for (let i = 0; i < queue.length; i++) queue.push({ next: queue[i] }, { next: [] })
}
