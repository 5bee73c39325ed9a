import { basename } from "node:path";
import type { z } from "zod";
import { fromIssues, show } from "../modules/mistakes";
import { resolveProject } from "../modules/project";
import { serviceOptions } from "../modules/service/props";
import type { Dialog } from "./dialog";

/** What a project is made from. */
export interface Answers {
  /** The folder, whose last part names the project. */
  readonly folder: string;
  readonly region: string;
  /** The container's port, and where it says that it is healthy. */
  readonly port: number;
  readonly health: string;
  readonly postgres: boolean;
}

/** Answers as they are typed, by question. */
export type Given = Partial<Record<keyof Answers, string>>;

interface Question {
  readonly text: string;
  /** How the command line says it. */
  readonly flag: string;
  readonly fallback: string;
  /** Why an answer cannot be taken: what the first synthesis would say of it. */
  readonly mistake: (answer: string) => string | undefined;
}

const ofProject = (context: object) => resolveProject(context).mistakes[0]?.message;
const ofOption = (option: z.ZodType, value: unknown) =>
  fromIssues("", option.safeParse(value, { reportInput: true }).error?.issues ?? [])[0]?.message;

const QUESTIONS: Readonly<Record<keyof Answers, Question>> = {
  folder: {
    text: "Which folder shall it be? Its name is the project's",
    flag: "<folder>",
    fallback: "my-platform",
    mistake: (folder) => ofProject({ project: basename(folder) }),
  },
  region: {
    text: "In which region of AWS?",
    flag: "--region",
    fallback: process.env.AWS_REGION || "us-west-2",
    mistake: (region) => ofProject({ project: "app", bootstrap: { region } }),
  },
  port: {
    text: "Which port does the container listen on?",
    flag: "--port",
    fallback: "8080",
    mistake: (port) => ofOption(serviceOptions.shape.port, Number.isNaN(Number(port)) ? port : Number(port)),
  },
  health: {
    text: "Where does it say that it is healthy?",
    flag: "--health",
    fallback: "/health",
    mistake: (path) => ofOption(serviceOptions.shape.health, path),
  },
  postgres: {
    text: "Does it use Postgres?",
    flag: "--postgres",
    fallback: "yes",
    mistake: (answer) => (/^(yes|no)$/.test(answer) ? undefined : 'is neither "yes" nor "no".'),
  },
};

const KEYS = Object.keys(QUESTIONS) as (keyof Answers)[];

/** Answers that cannot be taken, one line each. */
export class AnswersError extends Error {}

/**
 * All answers: those given, and for the others what a person types, or what is usual.
 * @param ask whom to ask for what is not given; undefined takes what is usual
 * @throws AnswersError with every given answer that cannot be taken
 */
export async function complete(given: Given, ask: Dialog | undefined): Promise<Answers> {
  const wrong = KEYS.flatMap((key) => {
    const answer = given[key];
    const mistake = answer === undefined ? undefined : QUESTIONS[key].mistake(answer);
    return mistake ? [line(key, answer ?? "", mistake)] : [];
  });
  if (wrong.length > 0) throw new AnswersError(wrong.join("\n"));
  const all: Given = { ...given };
  for (const key of KEYS) all[key] ??= ask ? await asked(key, ask) : QUESTIONS[key].fallback;
  const { folder, region, port, health, postgres } = all as Required<Given>;
  return { folder, region, port: Number(port), health, postgres: postgres === "yes" };
}

/** What is not given, as the command line would say it. */
export const missing = (given: Given): string[] =>
  KEYS.filter((key) => given[key] === undefined).map((key) => QUESTIONS[key].flag);

/** The answer to one question, asked until it can be taken. */
async function asked(key: keyof Answers, ask: Dialog): Promise<string> {
  const { text, fallback, mistake } = QUESTIONS[key];
  for (;;) {
    const answer = (await ask.ask(`${text} (${fallback}) `)) || fallback;
    const wrong = mistake(answer);
    if (wrong === undefined) return answer;
    ask.say(line(key, answer, wrong));
  }
}

/** A mistake says the answer itself, or begins with what is wrong with it. */
const line = (key: keyof Answers, answer: string, mistake: string) =>
  `${QUESTIONS[key].flag}: ${mistake.includes(answer) ? mistake : `${show(answer)} ${mistake}`}`;
