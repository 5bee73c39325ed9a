import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Folders that stand for images: the guest book of demo/app, and what becomes of it. */
const changes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: {},
  "v2-broken-migration": {
    "migrations/00002_messages.sql": "-- +goose Up\nalter table gests add column message text;\n",
  },
  "v3-broken-start": {
    "migrations/00002_messages.sql":
      "-- +goose Up\nalter table guests add column message text not null default '';\n",
    "server.cjs": `console.error("Error: cannot find module './guests'");\nprocess.exit(1);\n`,
  },
  v4: {
    "migrations/00002_messages.sql":
      "-- +goose Up\nalter table guests add column message text not null default '';\n",
  },
};

export type Release = "v1" | "v2-broken-migration" | "v3-broken-start" | "v4";

/** Writes a release's folder, and says how the sandbox pushes it. */
export function release(name: Release, folder: string): string[] {
  const image = join(folder, "images", name);
  cpSync(join(__dirname, "app"), image, { recursive: true });
  for (const [file, text] of Object.entries(changes[name] ?? {})) writeFileSync(join(image, file), text);
  return ["--image", `app:${name}=${image}`];
}
