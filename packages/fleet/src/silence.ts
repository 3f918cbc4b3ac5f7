// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Whether the database fell silent during the last exchange. Ends with the first exchange without silence. */
export class Silence {
  #isOn = false;
  #wasOn = false;

  get isOn(): boolean {
    return this.#isOn;
  }

  begins(): void {
    this.#isOn = true;
    this.#wasOn = true;
  }

  /** There are no further exchanges. */
  ends(): void {
    this.#isOn = false;
  }

  async during<T>(talk: () => Promise<T>): Promise<T> {
    this.#wasOn = false;
    const result = await talk();
    this.#isOn = this.#wasOn;
    return result;
  }
}
