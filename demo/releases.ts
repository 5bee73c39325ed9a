import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const EXAMPLE = join(__dirname, "../examples/service");

const MESSAGES = "alter table guests add column message text not null default '';";

/** A migration that follows those of the example. */
const migration = (up: string) => ({
  "migrations/00003_messages.sql": `-- +goose Up\n${up}\n\n-- +goose Down\nalter table guests drop column message;\n`,
});

/** Folders that stand for images: the guest book of examples/service, and what becomes of it. */
const changes = {
  v1: {},
  "v2-broken-migration": migration(MESSAGES.replace("guests", "gests")),
  "v3-broken-start": {
    ...migration(MESSAGES),
    "server.js": `console.error("Error: cannot find module './guests'");\nprocess.exit(1);\n`,
  },
  v4: migration(MESSAGES),
} satisfies Record<string, Record<string, string>>;

export type Release = keyof typeof changes;

/** Writes a release's folder, and says how the sandbox pushes it. */
export function release(name: Release, folder: string): string[] {
  const image = join(folder, "images", name);
  rmSync(image, { recursive: true, force: true });
  cpSync(EXAMPLE, image, {
    recursive: true,
    filter: (path) => !/node_modules|\.github/.test(path.slice(EXAMPLE.length)),
  });
  for (const [file, text] of Object.entries(changes[name])) writeFileSync(join(image, file), text);
  // The image brings goose itself; a folder has the stand-in, which the sandbox finds in bin/.
  mkdirSync(join(image, "bin"));
  symlinkSync(join(__dirname, "goose/goose.mjs"), join(image, "bin/goose"));
  return ["--image", `app:${name}=${image}`];
}
