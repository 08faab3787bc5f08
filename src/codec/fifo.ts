// A queue in the order of arrival, as a chain: `Array.shift` moves all that is left once an array is long, so that a
// burst of sends would cost the square of its length.

interface Link<Item> {
  readonly item: Item
  next: Link<Item> | undefined
}

export class Fifo<Item> {
  #first: Link<Item> | undefined
  #last: Link<Item> | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): Item | undefined {
    return this.#first?.item
  }

  push(item: Item): void {
    const link: Link<Item> = { item, next: undefined }
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
    this.#length++
  }

  /** Removes the first item, which must be there. */
  shift(): void {
    this.#first = this.#first!.next
    if (this.#first === undefined) this.#last = undefined
    this.#length--
  }

  *[Symbol.iterator](): Generator<Item> {
    for (let link = this.#first; link !== undefined; link = link.next) yield link.item
  }
}
