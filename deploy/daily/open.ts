import { spawn } from "node:child_process";
import { refused } from "../errors";
import type { Done } from "../end";
import type { Daily, DailyOptions } from "./session";

const OPENERS: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", linux: "xdg-open" };

/** Prints where people reach the environment, and opens it in a browser when a person is there. */
export async function open(day: Daily, options: DailyOptions): Promise<Done> {
  const { url, environment } = day.contract;
  if (!url) throw refused(`${environment} has no address: its distribution is false.`);
  await day.print(options.json ? `${JSON.stringify({ environment, url })}\n` : `${url}\n`);
  const opener = OPENERS[process.platform];
  if (day.stdout.isTTY && !options.json && opener) {
    // Without a browser the address is on the screen all the same.
    spawn(opener, [url], { stdio: "ignore", detached: true })
      .on("error", () => {})
      .unref();
  }
  return { text: "" };
}
