// Whether two types are the same, not only assignable.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** `exactly<Expected>()(value)` compiles when the value has that very type. */
export function exactly<Expected>() {
  return <Actual,>(_value: Actual, ..._proof: Same<Expected, Actual> extends true ? [] : [never]): void => {}
}
