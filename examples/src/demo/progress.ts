import { style } from './style.ts';

const BAR_WIDTH = 30;
const LABEL_WIDTH = 24;

/** Shows how far something is: as a bar on a terminal, elsewhere as a line for each quarter. */
export class Progress implements Disposable {
  readonly #label: string;
  readonly #total: number;
  #done = 0;
  #shown = -1;
  #open = false;

  constructor(label: string, total: number) {
    this.#label = label.padEnd(LABEL_WIDTH);
    this.#total = total;
    this.#show();
  }

  /** One more is done. */
  advance(): void {
    this.#done++;
    this.#show();
  }

  /** Ends the line of a bar that did not get to its end. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    process.stdout.write('\n');
  }

  #show(): void {
    const { isTTY } = process.stdout;
    const percent = Math.floor((this.#done * 100) / this.#total);
    const step = isTTY ? percent : Math.floor(percent / 25) * 25;
    if (step === this.#shown) return;
    this.#shown = step;
    if (isTTY) this.#bar(percent);
    else if (step > 0) process.stdout.write(`${this.#label}${`${step}%`.padStart(5)}\n`);
  }

  #bar(percent: number): void {
    const full = Math.round((BAR_WIDTH * percent) / 100);
    const bar = style('green', '█'.repeat(full)) + style('dim', '░'.repeat(BAR_WIDTH - full));
    process.stdout.write(`\r${this.#label}${bar} ${`${percent}%`.padStart(4)}`);
    this.#open = true;
    if (percent === 100) this[Symbol.dispose]();
  }
}
