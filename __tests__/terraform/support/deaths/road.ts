import { standingSteps } from "../../../../move/steps";
import { type Death, deathsOf, type Length } from "./deaths";
import { type Beginning, beginningOf, differences, type Past, writesOf } from "./invariants";
import { type End, Scene, soon } from "./scene";

/** What each step does where nobody dies, and how often somebody dies in it, of a hundred times that it is begun. */
const STEPS: Readonly<Record<string, Length & { readonly often: number }>> = {
  front: { call: 19, statement: 0, line: 9, often: 25 },
  shift: { call: 19, statement: 0, line: 6, often: 25 },
  workers: { call: 12, statement: 0, line: 5, often: 25 },
  copy: { call: 17, statement: 191, line: 15, often: 100 },
  flip: { call: 44, statement: 175, line: 37, often: 100 },
  finish: { call: 17, statement: 28, line: 13, often: 60 },
  "back from front": { call: 15, statement: 0, line: 5, often: 25 },
  "back from shift": { call: 13, statement: 0, line: 4, often: 25 },
  "back from workers": { call: 12, statement: 0, line: 5, often: 25 },
  "back from copy": { call: 20, statement: 70, line: 6, often: 100 },
  "back from flip": { call: 59, statement: 185, line: 38, often: 100 },
  "back from finish": { call: 8, statement: 0, line: 4, often: 40 },
};

/** What a step is given beside its name. */
const OPTIONS: Readonly<Record<string, string>> = {
  shift: " --watch 1s --max-errors 50 --max-slower 50",
  flip: " --hold 2h",
  finish: " --quiet 1s",
};

/** Commands in a row that may be refused, each with the way out that the next one takes. */
const REFUSALS = 3;

interface Next {
  readonly words: string;
  /** Name of the step in STEPS. */
  readonly step: string;
}

/** The road of a move, there and back and there again, on which commands and whatever they work with die. */
export class Road {
  /** What happened, in its order. */
  readonly story: string[] = [];
  readonly died = new Map<string, number>();
  private readonly scene = new Scene();
  private readonly past: Past = { clean: "no", isStale: false };
  private beginning: Beginning | undefined;
  private leadsAhead = true;
  private refusals = 0;
  private advice: string | undefined;
  /** Writes that were answered by the last flip's begin: what came after it is what may be lost. */
  private beforeFlip = 0;
  private mayLose = false;

  async open(): Promise<void> {
    await this.scene.open();
    const { code, text } = await this.scene.run("survey");
    if (code !== 0) throw new Error(text);
    this.beginning = await beginningOf(this.scene);
  }

  close(): Promise<void> {
    return this.scene.close();
  }

  get deaths(): number {
    return [...this.died.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Goes on until so many have died, and then back to where it began. @throws Error with what is wrong */
  async play(count: number, seed: number): Promise<void> {
    for (const death of deathsOf(seed, count * 8)) {
      if (this.deaths === count) break;
      await this.step(death);
    }
    this.leadsAhead = false;
    while (standingSteps(this.scene.state).length > 0) await this.step();
  }

  private async step(death?: Death): Promise<void> {
    const { words, step } = this.next();
    const length = STEPS[step];
    const isArmed = death !== undefined && death.delay < (length?.often ?? 100);
    if (step === "flip") this.beforeFlip = this.scene.ledger.written.length;
    const began = Date.now();
    const end = await this.scene.run(words, isArmed ? death : undefined, length);
    const isFulfilled = end.fate.isFulfilled && death !== undefined;
    if (isFulfilled) this.died.set(death.victim, (this.died.get(death.victim) ?? 0) + 1);
    const what = isFulfilled ? `#${this.deaths} ${death.victim} at ${end.fate.where}, then ` : "";
    this.story.push(
      `${words}: ${what}${end.code ?? "killed"} (${((Date.now() - began) / 1000).toFixed(1)} s)`,
    );
    if (process.env.MOVE_DEATHS_TOLD) console.log(this.story.at(-1));
    if (isFulfilled) await this.scene.heal();
    await this.remember(words, step, end);
    if (end.code === 0) await this.judge(end);
    else if (!isFulfilled) this.follow(end);
    if (isFulfilled && death.turns) this.leadsAhead = !this.leadsAhead;
  }

  /** The next command of a road that leads there and back again. */
  private next(): Next {
    const { state, next } = this.scene;
    const last = standingSteps(state).at(-1)?.name;
    const isBetween = state.steps.some((entry) => entry.step === "back" && entry.state === "begun");
    if (last === undefined) this.leadsAhead = true;
    if (next === undefined) this.leadsAhead = false;
    const back = `back from ${last}`;
    if (this.advice !== undefined) {
      const words = this.advice;
      const [step = ""] = words.split(" ");
      return { words, step: step === "back" ? back : step };
    }
    if (this.leadsAhead && !isBetween && next !== undefined) {
      const [step = ""] = next.split(" ");
      return { words: `${next}${OPTIONS[step] ?? ""}`, step };
    }
    return { words: last === "flip" ? "back --copy-back" : "back", step: back };
  }

  /** What a refusal says is done, as a person would. */
  private follow({ code, text }: End): void {
    const advice = /npx slipway move staging (\S.*)$/m.exec(text)?.[1];
    this.advice = advice?.replace(/, .*$/, "");
    if (code !== 1 || advice === undefined || ++this.refusals > REFUSALS) throw new Error(text);
  }

  /** What the invariants cannot see: what was allowed to be lost, and what is a person's to clear away. */
  private async remember(words: string, step: string, { code }: End): Promise<void> {
    const { scene, past } = this;
    const isWell = code === 0;
    if (isWell) {
      this.advice = undefined;
      this.refusals = 0;
    }
    if (step === "finish") past.clean = isWell ? "yes" : "perhaps";
    if (step === "flip" || step === "back from flip") past.isStale = true;
    if (words === "back --lose") this.mayLose = true;
    if (!isWell) return;
    if (step === "flip") past.clean = "no";
    if (step === "copy" || step === "back from copy") past.isStale = false;
    if (step !== "back from flip") return;
    if (this.mayLose) {
      // Before the rows are read: what is answered meanwhile is none of those that may be lost.
      const answered = scene.ledger.written.slice(this.beforeFlip);
      const there = await writesOf(scene, "external");
      scene.ledger.forget(new Set(answered.filter((one) => !there.has(one))));
      await scene.emptyOwn();
      past.isStale = false;
    }
    this.mayLose = false;
    past.clean = "no";
  }

  private judge({ text }: End): Promise<void> {
    const { beginning } = this;
    if (!beginning) throw new Error("It has not begun.");
    return soon(() => differences(this.scene, beginning, this.past)).catch((error: Error) => {
      throw new Error(`${error.message}\n\n${text}`);
    });
  }
}
