// Long work in short pieces: the event loop gets its turn whenever a budget of time has been spent.

/** Gives pieces of work their turns; all of them share the budget. */
export class Pace {
  readonly #budgetMs: number;
  #spentMs = 0;
  #turn: Promise<void> | undefined;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /**
   * Runs a piece of work at once or, when the budget is spent, in another turn of the event loop. In Workers it is always at
   * once, for their clock stands still while they work; so no request there waits for another one's timer, which is
   * forbidden.
   */
  async run<T>(piece: () => T): Promise<T> {
    while (this.#spentMs >= this.#budgetMs) {
      this.#turn ??= this.#nextTurn();
      await this.#turn;
    }
    const start = performance.now();
    const made = piece();
    this.#spentMs += performance.now() - start;
    return made;
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(() => {
        this.#turn = undefined;
        this.#spentMs = 0;
        resolve();
      });
    });
  }
}
